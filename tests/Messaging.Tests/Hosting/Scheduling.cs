using System.Text.Json;
using Messaging.Scheduling;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Queues;
using Resilience.TestKit;

namespace Messaging.Tests;

/// <summary>What tests of delayed messages do again and again.</summary>
internal static class Scheduling
{
    /// <summary>For tests that move the clock far while a delivery may be at work.</summary>
    internal const string LongLease = "--Queue:VisibilityTimeout=12:00:00";

    // Longer than these tests move the clock, and no other timer's time.
    private static readonly TimeSpan Rarely = TimeSpan.FromMinutes(59);

    /// <summary>
    /// For tests that count what is in the queue: an application whose recovery has looked at the rows, none of which was pending, and does not look again. A
    /// look puts back a key that is cancelled after its row was read, until it is due and found without one.
    /// </summary>
    internal static async Task<TestApp> StartCountedAsync(
        this AppHome home, ManualTimeProvider time, IEnumerable<string>? settings = null, Action<WebApplicationBuilder>? configure = null)
    {
        var app = await home.StartAsync(
            [$"--Queue:Recovery:Interval={Rarely}", .. settings ?? []],
            builder =>
            {
                Replace.Time(builder, time);
                configure?.Invoke(builder);
            });
        await time.WhenDueInAsync(Rarely);
        return app;
    }

    internal static Task<Reply> ScheduleAsync(this TestClient client, string channelId, string text, int delaySeconds, string? clientId = null) =>
        client.PostAsync($"/api/channels/{channelId}/messages", new { text, clientId, delaySeconds });

    /// <summary>The caller's list, as it is on one page.</summary>
    internal static async Task<JsonElement[]> ScheduledAsync(this TestClient client) =>
        (await client.GetAsync("/api/scheduled?limit=200")).ShouldHaveStatus(200).Items;

    /// <summary>The texts of a channel, in order.</summary>
    internal static async Task<string[]> TextsAsync(this TestClient client, string channelId)
    {
        var texts = new List<string>();
        for (string? after = "0"; after is not null;)
        {
            var page = (await client.GetAsync($"/api/channels/{channelId}/messages?limit=200&after={after}")).ShouldHaveStatus(200);
            texts.AddRange(page.Items.Select(static item => item.GetProperty("text").GetString()!));
            after = page.Json.GetProperty("next").GetString();
        }

        return [.. texts];
    }

    internal static IDelayedQueue<ScheduledMessageId> Queue(this TestApp app) => app.Services.GetRequiredService<IDelayedQueue<ScheduledMessageId>>();

    /// <summary>
    /// Waits until everything that is due has been handled. A worker that reads the clock before an advance and sets its timer after it sleeps too long, so the
    /// clock goes on a little while work lies unclaimed.
    /// </summary>
    internal static Task QuietAsync(this TestApp app, ManualTimeProvider time) => Watchdog.UntilAsync(
        async () =>
        {
            var stats = await app.Queue().GetStatsAsync();
            if (stats is { Ready: > 0, Leased: 0 })
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
            }

            return stats is { Ready: 0, Leased: 0 };
        },
        TimeSpan.FromSeconds(6),
        what: "everything due to be handled");

    /// <summary>Waits until no row is pending.</summary>
    internal static Task NothingPendingAsync(this TestApp app) => Watchdog.UntilAsync(
        async () => (await Stored.TextsAsync(app, "SELECT COUNT(*) FROM scheduled_messages WHERE state = 'pending'")).Single() == "0",
        TimeSpan.FromSeconds(6),
        what: "every scheduled message to be sent or to fail");

    /// <summary>The key that the queue has for a scheduled message.</summary>
    internal static async Task<ScheduledMessageId> KeyAsync(this TestApp app, string id) =>
        new((await Stored.TextsAsync(app, $"SELECT queue_key FROM scheduled_messages WHERE id = {id}")).Single());
}
