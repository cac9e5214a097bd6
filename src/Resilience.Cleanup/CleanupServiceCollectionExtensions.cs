using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Resilience.Cleanup;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers cleanup scopes and the cleanup dispatcher.</summary>
public static class CleanupServiceCollectionExtensions
{
    /// <summary>Registers <see cref="CleanupScopeFactory"/>. Safe to call twice; every <paramref name="configure"/> counts.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets limits; they are checked when the application starts.</param>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddCleanupScopes(this IServiceCollection services, Action<CleanupScopeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<CleanupMetrics>();
        services.AddOptions<CleanupScopeOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CleanupScopeOptions>, CleanupScopeOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CleanupScopeOptions>, CleanupScopeOptionsRules>());
        services.TryAddSingleton(static provider => new CleanupScopeFactory(
            provider.GetRequiredService<IOptions<CleanupScopeOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            Metrics(provider),
            provider.GetService<ILogger<CleanupScope>>() ?? NullLogger<CleanupScope>.Instance));
        if (configure is not null)
        {
            services.Configure(configure);
        }

        return services;
    }

    // A host brings both; a bare container need not.
    private static CleanupMetrics? Metrics(IServiceProvider provider) =>
        provider.GetService<IMeterFactory>() is null ? null : provider.GetRequiredService<CleanupMetrics>();
}
