using System.Text;
using Microsoft.AspNetCore.Http;
using Resilience.Sse;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Sse;

/// <summary>The schedules of connections: who publishes, orders, closes, goes and drains, and what must be true whatever the order.</summary>
internal static class ConnectionModel
{
    /// <summary>Everybody ends one stream at once: it ends once, with one reason and one last event, and frees once.</summary>
    public static async Task EndAsync(Schedule schedule, ConnectionFault fault)
    {
        var node = new ScheduledNode(schedule);
        var request = new ScheduledRequest(wrapped: schedule.Choose(3) == 0);
        var running = node.StartAsync("request", request, "a");
        await WhenConnectedAsync(schedule, node);
        var connection = node.Node.Connections.FirstOrDefault();
        var won = 0;
        var tasks = new List<Task>
        {
            schedule.Run("publisher", () =>
            {
                for (var i = 0; i < 3; i++)
                {
                    node.Publish("a", $"n{i}");
                }
            }),
            schedule.Run("close", () => CloseAsync(() => node.Manager.CloseAsync(SseTarget.All, "bye"))),
            schedule.Run("revoke", () => CloseAsync(() => node.Manager.RevokeAsync(SseTarget.All))),
        };
        if (schedule.Choose(2) == 0)
        {
            tasks.Add(schedule.Run("client goes", request.Go));
        }

        foreach (var task in tasks.Append(running))
        {
            await task;
        }

        Schedule.Check(won <= 1, $"{won} decided why it ended");
        Schedule.Check(request.Gone || ScheduledNode.Count(request.Text, "event: ") == 1, "a client that stayed is told why");
        ScheduledNode.CheckWire(request);
        node.CheckEmpty();

        async Task CloseAsync(Func<ValueTask<int>> close)
        {
            if (await close() == 0)
            {
                return;
            }

            won++;
            switch (fault)
            {
                case ConnectionFault.ReleasesTwice:
                    node.Node.Limiter.Release(connection!.Key, connection.Network);
                    break;
                case ConnectionFault.WritesLastWordsItself:
                    Write(request, "event: close\ndata: {}\n\n");
                    break;
            }
        }
    }

    /// <summary>A ban, before, while and after a stream opens: nothing that is published after it returned is written; all else comes, once and in order.</summary>
    public static async Task BanAsync(Schedule schedule, ConnectionFault fault)
    {
        var node = new ScheduledNode(schedule);
        var request = new ScheduledRequest(wrapped: schedule.Choose(3) == 0);
        var running = node.StartDecidingAsync("request", request, "a", "b");
        await WhenConnectedAsync(schedule, node);
        var publisher = schedule.Run("publisher", async () =>
        {
            for (var i = 0; i < 3; i++)
            {
                node.Publish(i == 1 ? "b" : "a", $"n{i}");
                await schedule.Yield();
            }
        });
        var ban = schedule.Run("ban", async () =>
        {
            if (fault == ConnectionFault.UnsubscribesLate)
            {
                _ = schedule.Run("late", async () => await node.Manager.UnsubscribeAsync(SseTarget.All, "a"));
            }
            else
            {
                await node.Manager.UnsubscribeAsync(SseTarget.All, "a");
            }

            node.Publish("a", "secret");
            node.Publish("b", "end");
        });
        await ban;
        await publisher;

        // Nothing else wakes the stream: an event that was passed over would be waited for in vain.
        await request.WhenAsync("data: end\n");
        await request.WhenAsync("data: n1\n");
        Schedule.Check(schedule.Time.Elapsed == TimeSpan.Zero, "no deadline was needed");
        await node.Drain.DrainAsync(CancellationToken.None);
        await running;
        Schedule.Check(!request.Text.Contains("secret", StringComparison.Ordinal), "published after the ban had returned");
        ScheduledNode.CheckWire(request);
        node.CheckEmpty();
    }

    /// <summary>Two clients and one slot: never two at once, and each gets it as soon as it is free.</summary>
    public static async Task SlotAsync(Schedule schedule, ConnectionFault fault)
    {
        var node = new ScheduledNode(schedule, fault == ConnectionFault.None ? 1 : 100);
        var requests = Enumerable.Range(0, 2).Select(_ => new ScheduledRequest(wrapped: schedule.Choose(3) == 0)).ToArray();
        var running = requests.Select((r, i) => fault == ConnectionFault.CountsAfterTheLook
            ? MutantConnector.StartAsync(schedule, node, r, fault)
            : node.StartAsync($"request {i}", r, "a")).ToArray();
        await WhenConnectedAsync(schedule, node);
        var closer = schedule.Run("close", async () => await node.Manager.CloseAsync(SseTarget.All, "bye"));
        await closer;
        await node.Drain.DrainAsync(CancellationToken.None);
        foreach (var task in running)
        {
            await task;
        }

        Schedule.Check(node.MostOpen <= 1, $"{node.MostOpen} streams in one slot");
        Schedule.Check(requests.All(static r => r.Text.Contains("event: close", StringComparison.Ordinal) || r.Http.Response.StatusCode is 429 or 503), "told or refused");
        Schedule.Check(schedule.Time.Elapsed == TimeSpan.Zero, "no deadline was needed");
        node.CheckEmpty();
        var key = "key";
        Schedule.Check(node.Node.Limiter.TryTake(ref key, "network") is null, "the slot is free");
        Schedule.Check(node.Node.Limiter.TryTake(ref key, "network") is not null, "and it is one slot");
    }

    /// <summary>A drain among clients that come, read, go or stand still: it ends when the last has gone, and cuts who does not go when its time is over.</summary>
    public static async Task DrainAsync(Schedule schedule, ConnectionFault fault)
    {
        var node = new ScheduledNode(schedule);
        var requests = Enumerable.Range(0, 2).Select(_ => new ScheduledRequest(wrapped: schedule.Choose(3) == 0)).ToArray();
        requests[1].Stalled = schedule.Choose(4) == 0;
        var running = requests.Select((r, i) => fault == ConnectionFault.LooksOnceForTheDrain
            ? MutantConnector.StartAsync(schedule, node, r, fault)
            : node.StartAsync($"request {i}", r, "a")).ToArray();
        var publisher = schedule.Run("publisher", () => node.Publish("a", "n0"));
        var drain = schedule.Run("drain", () => fault == ConnectionFault.LooksBeforeItCanBeTold ? MutantDrain.RunAsync(node) : node.Drain.DrainAsync(CancellationToken.None));
        var again = schedule.Run("drain again", () => node.Drain.DrainAsync(CancellationToken.None));
        await drain;
        if (fault == ConnectionFault.None)
        {
            Schedule.Check(node.Node.ConnectionCount == 0, "the drain is over when all have gone");
        }

        await again;
        await publisher;
        foreach (var task in running)
        {
            await task;
        }

        var stalled = requests[1].Stalled && requests[1].Gone;
        Schedule.Check(schedule.Time.Elapsed == (stalled ? node.Node.Options.DrainTimeout : TimeSpan.Zero), $"it took {schedule.Time.Elapsed}");
        foreach (var request in requests.Where(static r => !r.Stalled))
        {
            Schedule.Check(
                request.Text.Contains("""{"reason":"shutdown"}""", StringComparison.Ordinal) || request.Http.Response.StatusCode == StatusCodes.Status503ServiceUnavailable,
                "told or refused");
            ScheduledNode.CheckWire(request);
        }

        node.CheckEmpty();
    }

    /// <summary>A flush fails while the wheel turns: wherever the turn falls, what was to be sent is sent with the next one, and not after a period of standing still.</summary>
    public static async Task RetryAsync(Schedule schedule)
    {
        var turn = TimeSpan.FromMilliseconds(Wheel.TurnMs);
        var node = new ScheduledNode(schedule);
        var request = new ScheduledRequest(wrapped: schedule.Choose(2) == 0);
        var running = node.StartAsync("request", request, "a");
        await request.WhenAsync("retry: ");
        await HoldAsync(schedule, node, request, "n0");
        await Task.Delay(turn, schedule.Time);
        var failure = schedule.Run("server", request.Fail);
        var wheel = schedule.Run("wheel", node.TurnWheel);
        await failure;
        await wheel;
        await Task.Delay(turn, schedule.Time);
        node.TurnWheel();

        // No turn comes after this one: what it did not send is waited for in vain.
        await request.WhenAsync("data: n0\n");
        await node.Drain.DrainAsync(CancellationToken.None);
        await running;
        Schedule.Check(node.Node.Statistics().Errors["send"] == 1, "one failure");
        Schedule.Check(schedule.Time.Elapsed == 2 * turn, $"it took {schedule.Time.Elapsed}");
        ScheduledNode.CheckWire(request);
        node.CheckEmpty();
    }

    /// <summary>A flush stands still for all but one of its periods and ends, and the next stands still at once: it has all of them again, and not one more.</summary>
    public static async Task StallAgainAsync(Schedule schedule)
    {
        var turn = TimeSpan.FromMilliseconds(Wheel.TurnMs);
        var node = new ScheduledNode(schedule);
        var period = (int)(node.Node.FailurePeriodMs / Wheel.TurnMs);
        var allowed = node.Node.Options.MaxConsecutiveFailures;
        var request = new ScheduledRequest(wrapped: schedule.Choose(2) == 0);
        var running = node.StartAsync("request", request, "a");
        await request.WhenAsync("retry: ");
        await node.PassAsync(1);
        await HoldAsync(schedule, node, request, "n0");
        await node.PassAsync((allowed - 1) * period);
        Schedule.Check(node.Node.Statistics().Errors["send"] == allowed - 1, "a failure per period");

        // It ends somewhere within its last period, and no visit comes before the next one pends.
        await node.PassAsync(schedule.Choose(period));
        var ended = schedule.Time.Elapsed;
        node.Publish("a", "n1");
        await schedule.Run("server", () => request.Pass(holdNext: true));
        while (!request.IsHeld)
        {
            await schedule.GiveWay();
        }

        await node.PassAsync((allowed * period) - 1);
        Schedule.Check(node.Node.ConnectionCount == 1, "it has all its periods");
        await node.PassAsync(1);
        await running;
        Schedule.Check(schedule.Time.Elapsed - ended == allowed * period * turn, $"it took {schedule.Time.Elapsed - ended}");
        Schedule.Check(node.Node.Statistics().Closed["stale"] == 1, "it was stale");
        ScheduledNode.CheckWire(request);
        node.CheckEmpty();
    }

    /// <summary>A flush ends while the wheel counts it as standing still: a failure that is counted too late takes no heartbeat from the stream.</summary>
    public static async Task StallEndsAsync(Schedule schedule)
    {
        var node = new ScheduledNode(schedule);
        var request = new ScheduledRequest(wrapped: schedule.Choose(2) == 0);
        var running = node.StartAsync("request", request, "a");
        await request.WhenAsync("retry: ");
        await node.PassAsync(1);
        await HoldAsync(schedule, node, request, "n0");
        await node.PassAsync((int)(node.Node.FailurePeriodMs / Wheel.TurnMs) - 1);
        await Task.Delay(TimeSpan.FromMilliseconds(Wheel.TurnMs), schedule.Time);
        var flush = schedule.Run("server", () => request.Pass(holdNext: false));
        var wheel = schedule.Run("wheel", node.TurnWheel);
        await flush;
        await wheel;
        var position = node.Publish("elsewhere", "x");
        await node.PassAsync((int)(node.Node.Options.HeartbeatInterval.TotalMilliseconds / Wheel.TurnMs) + 1);

        // No turn comes after these: a heartbeat that none of them made due is waited for in vain.
        await request.WhenAsync($"id: {position}\n");
        await node.Drain.DrainAsync(CancellationToken.None);
        await running;
        ScheduledNode.CheckWire(request);
        node.CheckEmpty();
    }

    /// <summary>A heartbeat becomes due while its stream looks for events: it is sent once, and tells a position no older than that moment.</summary>
    public static async Task HeartbeatAsync(Schedule schedule)
    {
        var node = new ScheduledNode(schedule);
        var interval = node.Node.Options.HeartbeatInterval;
        var request = new ScheduledRequest(wrapped: schedule.Choose(2) == 0);
        var running = node.StartAsync("request", request, "a");
        await request.WhenAsync("retry: ");
        await Task.Delay(interval, schedule.Time);
        var looks = schedule.Run("looks", async () =>
        {
            for (var i = 0; i < 2; i++)
            {
                node.Node.Connections.Single().Wake();
                await schedule.Yield();
            }
        });
        var position = string.Empty;
        await schedule.Run("wheel", () =>
        {
            position = node.Publish("elsewhere", "x").ToString();
            node.TurnWheel();
        });

        // Neither turns nor events wake the stream any more: a heartbeat that was passed over is waited for in vain.
        await request.WhenAsync($"id: {position}\n");
        await looks;
        await node.Drain.DrainAsync(CancellationToken.None);
        await running;
        Schedule.Check(ScheduledNode.Count(request.Text, "id: ") == 2, "one position at the beginning and one heartbeat");
        Schedule.Check(schedule.Time.Elapsed == interval, $"it took {schedule.Time.Elapsed}");
        ScheduledNode.CheckWire(request);
        node.CheckEmpty();
    }

    /// <summary>Publishes an event whose flush stays pending, and waits until it does.</summary>
    private static async Task HoldAsync(Schedule schedule, ScheduledNode node, ScheduledRequest request, string data)
    {
        request.HoldNext();
        node.Publish("a", data);
        while (!request.IsHeld)
        {
            await schedule.GiveWay();
        }
    }

    private static async Task WhenConnectedAsync(Schedule schedule, ScheduledNode node)
    {
        while (node.Node.ConnectionCount == 0 && node.Opened == node.Closed && node.Opened == 0)
        {
            await schedule.GiveWay();
        }
    }

    private static void Write(ScheduledRequest request, string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        bytes.CopyTo(request.GetSpan(bytes.Length));
        request.Advance(bytes.Length);
    }
}
