using Microsoft.Extensions.Options;

namespace Resilience.Storage;

/// <summary>The limits of each option, from its attributes.</summary>
[OptionsValidator]
internal sealed partial class OrphanSweeperOptionsValidator : IValidateOptions<OrphanSweeperOptions>;

/// <summary>The rules between the options and the store.</summary>
internal sealed class OrphanSweeperOptionsRules(IDeletableStore store) : IValidateOptions<OrphanSweeperOptions>
{
    public ValidateOptionsResult Validate(string? name, OrphanSweeperOptions options)
    {
        var failures = new List<string>();
        if (options.Retention > TimeSpan.Zero && store is not IQuarantineStore)
        {
            failures.Add($"OrphanSweeperOptions.Retention is {options.Retention}, but the store of files has no quarantine (IQuarantineStore); set it to 0 to delete at once.");
        }

        if (options.RequireMarker && store is not IRootMarkerStore)
        {
            failures.Add("OrphanSweeperOptions.RequireMarker is true, but the store of files can hold no marker (IRootMarkerStore); set it to false to sweep without that check.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
