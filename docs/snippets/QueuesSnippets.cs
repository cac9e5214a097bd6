using System.Text.Json.Serialization;
using Resilience.Queues;
using StackExchange.Redis;

namespace Docs.Snippets;

public sealed record OrderTimeout(string OrderId);

[JsonSerializable(typeof(OrderTimeout))]
internal sealed partial class OrderJson : JsonSerializerContext;

internal static class QueuesSnippets
{
    public static void Register(WebApplicationBuilder builder)
    {
        // snippet: queues-register
        builder.Services.AddDelayedQueue<OrderTimeout>("orders", o => o.MaxSize = 10_000)
            .AddWorker<OrderTimeoutHandler>(o => o.Concurrency = 8);
        builder.Services.AddHealthChecks().AddDelayedQueues();
        // end
    }

    public static void RegisterRedis(WebApplicationBuilder builder)
    {
        // snippet: queues-redis
        builder.Services.AddDelayedQueue<OrderTimeout>("orders")
            .UseRedis(o =>
            {
                o.Configuration = "localhost:6379";
                o.JsonTypeInfo = OrderJson.Default.OrderTimeout;
            })
            .AddWorker<OrderTimeoutHandler>();
        // end
    }

    public static async Task Enqueue(IDelayedQueue<OrderTimeout> queue)
    {
        // snippet: queues-enqueue
        var result = await queue.EnqueueAsync(
            new OrderTimeout("17"),
            new EnqueueOptions { Delay = TimeSpan.FromMinutes(15), Id = "order-17" });
        if (result.Status == EnqueueStatus.Full)
        {
            Console.WriteLine("Try again later.");
        }
        // end
    }

    public static void Trigger(WebApplication app)
    {
        // snippet: queues-trigger
        app.MapPost("/ops/cron/cleanup", static async (HttpRequest request, CleanupTrigger trigger, CancellationToken cancel) =>
        {
            var header = request.Headers.Authorization.ToString();
            var secret = header.StartsWith("Bearer ", StringComparison.Ordinal) ? header["Bearer ".Length..] : null;
            var result = await trigger.TryRunAsync(secret, cancellationToken: cancel);
            return result.Status switch
            {
                CleanupTriggerStatus.Completed => Results.Ok(result.Report),
                CleanupTriggerStatus.AlreadyRunning => Results.Conflict(),
                CleanupTriggerStatus.NotConfigured => Results.NotFound(),
                _ => Results.Unauthorized(),
            };
        });
        // end
    }

    public static void RegisterTrimmer(WebApplicationBuilder builder)
    {
        // snippet: trimmer-register
        builder.Services.AddStreamTrimmer(o => o.AddStream("events", s => s.MaxLength = 50_000))
            .UseRedis(o => o.Configuration = "localhost:6379");
        builder.Services.AddHealthChecks().AddStreamTrimmer();
        // end
    }

    public static void RegisterFamily(IHostApplicationBuilder builder)
    {
        // snippet: trimmer-family
        builder.Services.AddStreamTrimmer(o => o.AddFamily("room:", s => (s.MaxLength, s.MaxAge) = (1_000, TimeSpan.FromDays(7))))
            .UseRedis(o => o.Configuration = "localhost:6379");
        // end
    }

    public static async Task Append(IDatabase database, IStreamTrimmer trimmer)
    {
        // snippet: trimmer-notify
        await database.ExecuteAsync("XADD", "events", "*", "payload", "hello");
        trimmer.NotifyAppended("events");
        // end
    }
}

// snippet: queues-handler
internal sealed class OrderTimeoutHandler : IQueueHandler<OrderTimeout>
{
    public async Task HandleAsync(OrderTimeout item, DeliveryContext context, CancellationToken leaseLost)
    {
        if (item.OrderId.Length == 0)
        {
            context.Reject("There is no such order.");
            return;
        }

        await Console.Out.WriteLineAsync($"{item.OrderId}, try {context.Attempt}".AsMemory(), leaseLost);
    }
}
// end
