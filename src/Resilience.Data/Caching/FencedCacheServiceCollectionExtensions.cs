using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Resilience.Data;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the fenced cache.</summary>
public static class FencedCacheServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="FencedCache"/> (a singleton) and makes it the <see cref="HybridCache"/> of the application. Guarded transactions invalidate in it. Safe to call
    /// twice. Without a shared level it is a cache of this node.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns>A builder for the shared level.</returns>
    public static IFencedCacheBuilder AddFencedCache(this IServiceCollection services, Action<FencedCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddDataCore();
        var options = services.AddOptions<FencedCacheOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FencedCacheOptions>, FencedCacheOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FencedCacheOptions>, FencedCacheOptionsRules>());
        services.TryAddSingleton<FencedCache>(static provider => new DefaultFencedCache(
            provider.GetRequiredService<IOptions<FencedCacheOptions>>().Value,
            provider.GetService<ISharedCacheStore>(),
            new CacheCodecs(provider),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Jitter>(),
            provider.GetRequiredService<DataMetrics>(),
            provider.LoggerFor<FencedCache>()));
        services.Replace(ServiceDescriptor.Singleton<HybridCache>(static provider => provider.GetRequiredService<FencedCache>()));
        services.TryAddSingleton(static provider => (ICommitFence)provider.GetRequiredService<FencedCache>());
        return new Builder(services);
    }

    /// <summary>Uses a shared level of your own making.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="store">Makes the store.</param>
    /// <returns>The builder.</returns>
    public static IFencedCacheBuilder UseSharedStore(this IFencedCacheBuilder builder, Func<IServiceProvider, ISharedCacheStore> store)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(store);
        builder.Services.Replace(ServiceDescriptor.Singleton(store));
        return builder;
    }

    private sealed record Builder(IServiceCollection Services) : IFencedCacheBuilder;
}
