using Microsoft.Extensions.Options;

namespace Resilience.Data;

[OptionsValidator]
internal sealed partial class FencedCacheOptionsValidator : IValidateOptions<FencedCacheOptions>;

/// <summary>Rules between properties.</summary>
internal sealed class FencedCacheOptionsRules : IValidateOptions<FencedCacheOptions>
{
    public ValidateOptionsResult Validate(string? name, FencedCacheOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.LoadLimit > options.FenceTtl / 2)
        {
            result.AddError($"LoadLimit ({options.LoadLimit}) is more than half of FenceTtl ({options.FenceTtl}); raise FenceTtl or lower LoadLimit.");
        }

        if (options.LocalTtl > options.Ttl)
        {
            result.AddError($"LocalTtl ({options.LocalTtl}) is longer than Ttl ({options.Ttl}); lower it.");
        }

        return result.Build();
    }
}
