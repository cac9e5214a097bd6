using Microsoft.Extensions.DependencyInjection.Extensions;
using Resilience.Queues;
using Resilience.Queues.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Trims streams on Redis.</summary>
public static class RedisStreamTrimmerBuilderExtensions
{
    /// <summary>Takes the streams from Redis 7 or newer.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The builder.</returns>
    public static IStreamTrimmerBuilder UseRedis(this IStreamTrimmerBuilder builder, Action<RedisStreamTrimmerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.TryAddSingleton<RedisConnections>();
        return builder.UseStore(services =>
        {
            var options = new RedisStreamTrimmerOptions();
            configure(options);
            RedisLimits.Validate("the stream trimmer", options.KeyPrefix, options.OperationTimeout);
            var connect = RedisDelayedQueueBuilderExtensions.Connector(services, options.Connection, options.Configuration, "The stream trimmer");
            var link = new RedisLink(connect, options.OperationTimeout, services.GetRequiredService<TimeProvider>());
            return new RedisStreamTrimStore(link, options.KeyPrefix, ScriptLibrary.Shipped);
        });
    }
}
