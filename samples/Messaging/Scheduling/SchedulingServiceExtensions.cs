using Messaging.Database;
using Messaging.Messages;
using Messaging.Redis;
using Resilience.Queues;

namespace Messaging.Scheduling;

/// <summary>Messages that are sent later: rows in the database, their keys in a delayed queue, in memory or on Redis.</summary>
internal static class SchedulingServiceExtensions
{
    // A request holds its channel while the queue is asked, so a Redis that does not answer is given up soon.
    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ShortestRecovery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRecovery = TimeSpan.FromHours(1);

    internal static WebApplicationBuilder AddScheduling(this WebApplicationBuilder builder)
    {
        var (services, configuration) = (builder.Services, builder.Configuration);
        services.AddSchema("Scheduling");
        services.AddSingleton<ScheduledQueue>();
        services.AddSingleton<ScheduledMessages>();
        services.AddSingleton<IMessageScheduler>(static provider => provider.GetRequiredService<ScheduledMessages>());

        var queue = services.AddDelayedQueue<ScheduledMessageId>(ScheduledQueue.Name, o =>
        {
            configuration.GetSection("Queue").Bind(o);

            // The API answers at once whether there is a place, and takes delays up to its own limit.
            o.FullMode = QueueFullMode.Reject;
            o.MaxDelay = ScheduledQueue.MaxDelay;
        });
        var redis = RedisOptions.Of(configuration);
        if (redis.IsOn)
        {
            queue.UseRedis(o =>
            {
                o.Configuration = redis.Configuration;
                o.KeyPrefix = redis.KeyPrefix;
                o.JsonTypeInfo = SchedulingJson.Default.ScheduledMessageId;
                o.OperationTimeout = RedisTimeout;
                configuration.GetSection("Queue:Redis").Bind(o);
            });
        }

        queue.AddWorker<ScheduledDelivery>();
        services.AddOptions<ScheduledRecoveryOptions>().Bind(configuration.GetSection("Queue:Recovery"))
            .Validate(
                static o => o.Interval >= ShortestRecovery && o.Interval <= LongestRecovery,
                "Queue:Recovery:Interval must be between 00:00:00.1 and 01:00:00.")
            .ValidateOnStart();
        services.AddHostedService<ScheduledRecovery>();
        services.AddHealthChecks().AddDelayedQueues();
        services.AddOptions<CleanupTriggerOptions>().Bind(configuration.GetSection("Cron"))
            .PostConfigure(o => o.Secret = o.Secret is { Length: > 0 } secret ? secret : configuration["CRON_SECRET"]);
        return builder;
    }
}
