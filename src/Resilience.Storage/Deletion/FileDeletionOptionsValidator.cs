using Microsoft.Extensions.Options;

namespace Resilience.Storage;

/// <summary>The limits of each option, from its attributes.</summary>
[OptionsValidator]
internal sealed partial class FileDeletionOptionsValidator : IValidateOptions<FileDeletionOptions>;

/// <summary>The rules between options.</summary>
internal sealed class FileDeletionOptionsRules : IValidateOptions<FileDeletionOptions>
{
    public ValidateOptionsResult Validate(string? name, FileDeletionOptions options)
    {
        var failures = new List<string>();
        if (options.MaxRetryDelay < options.RetryDelay)
        {
            failures.Add($"FileDeletionOptions.MaxRetryDelay is {options.MaxRetryDelay} and below RetryDelay ({options.RetryDelay}); raise it to at least that.");
        }

        var longest = Backoff.After(Math.Max(0, options.MaxRetries - 1), options.RetryDelay, options.MaxRetryDelay);
        if (options.MaxRetries > 0 && options.LeaseDuration <= longest)
        {
            failures.Add($"FileDeletionOptions.LeaseDuration is {options.LeaseDuration} and not above the longest wait between tries ({longest}); raise it, or lower MaxRetryDelay.");
        }

        if (!Enum.IsDefined(options.MissingFile))
        {
            failures.Add($"FileDeletionOptions.MissingFile is {(int)options.MissingFile}; set it to DeleteRecord or Refuse.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
