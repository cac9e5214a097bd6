using Microsoft.Extensions.Options;

namespace Resilience.Cleanup;

/// <summary>The bounds of each property, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class CleanupDispatcherOptionsValidator : IValidateOptions<CleanupDispatcherOptions>;

/// <summary>What holds between properties.</summary>
internal sealed class CleanupDispatcherOptionsRules : IValidateOptions<CleanupDispatcherOptions>
{
    public ValidateOptionsResult Validate(string? name, CleanupDispatcherOptions options) =>
        options.BatchSize <= options.QueueCapacity
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"CleanupDispatcherOptions.BatchSize is {options.BatchSize} and QueueCapacity is {options.QueueCapacity}; set BatchSize to at most QueueCapacity.");
}

/// <summary>The bounds of each property, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class CoalescingLaneOptionsValidator : IValidateOptions<CoalescingLaneOptions>;
