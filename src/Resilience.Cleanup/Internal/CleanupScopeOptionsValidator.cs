using Microsoft.Extensions.Options;

namespace Resilience.Cleanup;

/// <summary>The bounds of each property, generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class CleanupScopeOptionsValidator : IValidateOptions<CleanupScopeOptions>;

/// <summary>What holds between properties.</summary>
internal sealed class CleanupScopeOptionsRules : IValidateOptions<CleanupScopeOptions>
{
    public ValidateOptionsResult Validate(string? name, CleanupScopeOptions options) =>
        options.Deadline >= options.StepTimeout
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"CleanupScopeOptions.Deadline is {options.Deadline} and StepTimeout is {options.StepTimeout}; set Deadline to at least StepTimeout.");
}
