using Resilience.Queues;
using Resilience.Sse;

namespace Docs.Snippets;

internal static class Readme
{
    public static async Task Run(string[] args)
    {
        // snippet: readme
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddSseManager(o => o.MaxConnectionsPerKey = 5);
        builder.Services.AddDelayedQueue<Reminder>("reminders").AddWorker<ReminderHandler>();
        builder.Services.AddHealthChecks().AddSseManager().AddDelayedQueues();

        var app = builder.Build();
        app.MapHealthChecks("/health");

        // A browser that reconnects gets what it missed, each event once and in order, or is told of the gap.
        app.MapSse("/events", static (connect, ct) => ValueTask.FromResult<IResult>(SseResults.Subscribe("reminders")));

        // Bounded: a full queue is an answer, not an outage.
        app.MapPost("/reminders", static async (Reminder reminder, IDelayedQueue<Reminder> queue) =>
        {
            var result = await queue.EnqueueAsync(reminder, new EnqueueOptions { Delay = TimeSpan.FromSeconds(reminder.DelaySeconds) });
            return result.IsAccepted ? Results.Accepted() : Results.StatusCode(StatusCodes.Status429TooManyRequests);
        });

        await app.RunAsync();
        // end
    }

    private sealed record Reminder(string Text, int DelaySeconds);

    private sealed class ReminderHandler(ISsePublisher publisher) : IQueueHandler<Reminder>
    {
        public async Task HandleAsync(Reminder item, DeliveryContext context, CancellationToken leaseLost) =>
            await publisher.PublishAsync("reminders", item, eventType: "reminder", cancellationToken: leaseLost);
    }
}
