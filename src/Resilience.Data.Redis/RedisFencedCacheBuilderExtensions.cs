using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Resilience.Data;
using Resilience.Data.Redis;
using StackExchange.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts the shared level of the fenced cache on Redis.</summary>
public static class RedisFencedCacheBuilderExtensions
{
    /// <summary>Shares the cache between nodes by Redis. The server may be down at start and at any time later.</summary>
    /// <param name="builder">The builder of <c>AddFencedCache</c>.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns>The builder.</returns>
    public static IFencedCacheBuilder UseRedis(this IFencedCacheBuilder builder, Action<RedisCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = builder.Services.AddOptions<RedisCacheOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RedisCacheOptions>, RedisCacheOptionsValidator>());
        return builder.UseSharedStore(static provider =>
        {
            var redis = provider.GetRequiredService<IOptions<RedisCacheOptions>>().Value;
            return new RedisSharedCacheStore(
                new RedisConnection(redis.Configuration, provider.GetRequiredService<IConnectionMultiplexer>),
                redis,
                provider.GetRequiredService<IOptions<FencedCacheOptions>>().Value,
                provider.GetRequiredService<TimeProvider>(),
                (provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger<RedisSharedCacheStore>());
        });
    }
}
