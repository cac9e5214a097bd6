using Microsoft.Extensions.Options;

namespace Resilience.Queues;

/// <summary>The limits of each option; generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class DelayedQueueOptionsLimits : IValidateOptions<DelayedQueueOptions>;

/// <summary>The rules between options.</summary>
internal sealed class DelayedQueueOptionsRules : IValidateOptions<DelayedQueueOptions>
{
    public ValidateOptionsResult Validate(string? name, DelayedQueueOptions options)
    {
        var failures = new List<string>();
        if (options.MaxDeliveries <= options.MaxRetries + 1)
        {
            failures.Add(
                $"MaxDeliveries is {options.MaxDeliveries} and MaxRetries {options.MaxRetries}; set MaxDeliveries above MaxRetries + 1, or no message reaches its last try.");
        }

        if (options.MaxRetryDelay < options.RetryDelay)
        {
            failures.Add($"MaxRetryDelay is {options.MaxRetryDelay} and RetryDelay {options.RetryDelay}; set MaxRetryDelay to at least RetryDelay.");
        }

        if (options.AlertClearThreshold > options.AlertThreshold)
        {
            failures.Add(
                $"AlertClearThreshold is {options.AlertClearThreshold} and AlertThreshold {options.AlertThreshold}; set AlertClearThreshold to at most AlertThreshold.");
        }

        if (!Enum.IsDefined(options.FullMode))
        {
            failures.Add($"FullMode is {options.FullMode}; set it to Reject or Wait.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
