using Microsoft.Extensions.Options;

namespace Resilience.Sse;

/// <summary>The bounds of each option.</summary>
[OptionsValidator]
internal sealed partial class SseManagerOptionsValidator : IValidateOptions<SseManagerOptions>;

/// <summary>The bounds of each endpoint option.</summary>
[OptionsValidator]
internal sealed partial class SseEndpointOptionsValidator : IValidateOptions<SseEndpointOptions>;

/// <summary>What bounds alone do not say of an endpoint's options.</summary>
internal sealed class SseEndpointOptionsRules : IValidateOptions<SseEndpointOptions>
{
    public ValidateOptionsResult Validate(string? name, SseEndpointOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.Name is { Length: 0 or > 100 } own)
        {
            result.AddError($"Name has {own.Length} characters; give it 1 to 100, or none for the route's pattern.", nameof(options.Name));
        }

        if (options.SlowClientPolicy is { } policy && !Enum.IsDefined(policy))
        {
            result.AddError($"SlowClientPolicy is {policy}; set it to one of {string.Join(", ", Enum.GetNames<SseSlowClientPolicy>())}.", nameof(options.SlowClientPolicy));
        }

        return result.Build();
    }
}

/// <summary>The rules between options.</summary>
internal sealed class SseManagerOptionsRules : IValidateOptions<SseManagerOptions>
{
    public ValidateOptionsResult Validate(string? name, SseManagerOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.HeartbeatInterval >= options.StaleTimeout)
        {
            result.AddError(
                $"HeartbeatInterval is {options.HeartbeatInterval} and StaleTimeout is {options.StaleTimeout}; make StaleTimeout longer, so that a heartbeat can show life.",
                nameof(options.StaleTimeout));
        }

        if (options.HistoryBytes > options.TotalHistoryBytes)
        {
            result.AddError(
                $"HistoryBytes is {options.HistoryBytes} and TotalHistoryBytes is {options.TotalHistoryBytes}; one channel may not retain more than all together.",
                nameof(options.HistoryBytes));
        }

        if (options.MaxConnectionsPerAddress < options.MaxConnectionsPerKey && options.KeySelector == SseKeyKind.UserAndAddress)
        {
            result.AddError(
                $"MaxConnectionsPerAddress is {options.MaxConnectionsPerAddress} and MaxConnectionsPerKey is {options.MaxConnectionsPerKey}; the limit per address is the wider one.",
                nameof(options.MaxConnectionsPerAddress));
        }

        CheckDefined(result, options.KeySelector, nameof(options.KeySelector));
        CheckDefined(result, options.LimitResponse, nameof(options.LimitResponse));
        CheckDefined(result, options.SlowClientPolicy, nameof(options.SlowClientPolicy));
        CheckName(result, options.ErrorEventName, nameof(options.ErrorEventName));
        CheckName(result, options.CloseEventName, nameof(options.CloseEventName));
        CheckName(result, options.GapEventName, nameof(options.GapEventName));
        if (string.IsNullOrEmpty(options.UserIdClaimType))
        {
            result.AddError("UserIdClaimType is empty; name the claim that holds the user's id.", nameof(options.UserIdClaimType));
        }

        return result.Build();
    }

    private static void CheckDefined<T>(ValidateOptionsResultBuilder result, T value, string property)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            result.AddError($"{property} is {value}; set it to one of {string.Join(", ", Enum.GetNames<T>())}.", property);
        }
    }

    private static void CheckName(ValidateOptionsResultBuilder result, string value, string property)
    {
        try
        {
            SseEncoder.ValidateEventType(value ?? string.Empty);
        }
        catch (ArgumentException e)
        {
            result.AddError($"{property} is '{value}': {e.Message}", property);
        }
    }
}
