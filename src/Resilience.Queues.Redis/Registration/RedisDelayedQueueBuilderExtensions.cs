using Microsoft.Extensions.DependencyInjection.Extensions;
using Resilience.Queues;
using Resilience.Queues.Redis;
using StackExchange.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts delayed queues on Redis.</summary>
public static class RedisDelayedQueueBuilderExtensions
{
    /// <summary>Keeps the messages of the queue on Redis 7 or newer: any number of nodes, and messages outlive them.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// The host starts without the server. Whoever uses the queue meanwhile gets the client's exception; background work goes on trying.
    /// </remarks>
    public static IDelayedQueueBuilder<T> UseRedis<T>(this IDelayedQueueBuilder<T> builder, Action<RedisQueueOptions<T>> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.TryAddSingleton<RedisConnections>();
        return builder.UseStore((services, context) =>
        {
            var options = new RedisQueueOptions<T>();
            configure(options);
            RedisLimits.Validate($"queue '{context.Name}'", options.KeyPrefix, options.OperationTimeout);
            var link = new RedisLink(Connector(services, options.Connection, options.Configuration, context.Name), options.OperationTimeout, context.TimeProvider);
            var keys = new RedisQueueKeys(options.KeyPrefix, context.Name);
            return new RedisQueueStore<T>(context, link, keys, options.ChooseSerializer(context.Name), ScriptLibrary.Shipped);
        });
    }

    internal static Func<Task<IConnectionMultiplexer>> Connector(IServiceProvider services, IConnectionMultiplexer? given, string? configuration, string who)
    {
        var connection = given ?? (configuration is null ? services.GetService<IConnectionMultiplexer>() : null);
        if (connection is not null)
        {
            var ready = Task.FromResult(connection);
            return () => ready;
        }

        if (string.IsNullOrEmpty(configuration))
        {
            throw new InvalidOperationException($"'{who}' does not know where Redis is; set Configuration or Connection in UseRedis, or register an IConnectionMultiplexer.");
        }

        var connections = services.GetRequiredService<RedisConnections>();
        return () => connections.GetAsync(configuration);
    }
}
