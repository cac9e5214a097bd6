using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

/// <summary>I3 on one node: nothing is lost and nothing comes twice, wherever a connection breaks.</summary>
public sealed class LossTests
{
    [Fact]
    public async Task I3_Clients_that_are_killed_at_random_bytes_get_every_event_once_and_in_order()
    {
        const int clients = 8;
        const int reconnections = 125;
        await using var app = await SseApp.StartAsync(static o =>
        {
            o.HistoryEvents = 200_000;
            o.HistoryBytes = 64 << 20;
            o.TotalHistoryBytes = 256 << 20;
            o.MaxReplayEvents = 200_000;
        });
        await app.Publisher.PublishAsync("quiet", "q0");
        var start = app.Publisher.Position;
        using var stop = new CancellationTokenSource();
        var published = new List<(string Channel, long Sequence)>();
        var publishing = PublishAsync(app, published, stop.Token);
        var logs = await Task.WhenAll(Enumerable.Range(0, clients).Select(i => Task.Run(() => FollowAsync(app, start, reconnections, i))))
            .Within(TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await publishing;
        var expected = published.Select(static p => p.Sequence).ToList();
        foreach (var (seen, gaps) in logs)
        {
            gaps.ShouldBe(0);
            seen.ShouldBe(expected.Take(seen.Count));
            seen.Count.ShouldBeGreaterThan(100);
        }

        app.Manager.GetStatistics().Opened.ShouldBeGreaterThanOrEqualTo(clients * reconnections);
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0);
    }

    [Fact]
    public async Task I3_A_client_that_stays_away_too_long_is_told_of_one_gap_and_then_gets_everything_that_is_left()
    {
        await using var app = await SseApp.StartAsync(static o => o.HistoryEvents = 100);
        var first = await app.Publisher.PublishAsync("news", "0");
        for (var i = 1; i <= 250; i++)
        {
            await app.Publisher.PublishAsync("news", $"{i}");
        }

        using var client = await RawClient.ConnectAsync(app.EndPoint, "/events", first.ToString());
        await client.ReadUntilAsync(static c => c.Parser.Events.Count > 100);
        client.Parser.Events[0].Type.ShouldBe("sse.gap");
        client.Parser.Events[0].LastEventId.ShouldBe(first.ToString(), "the gap does not move the position: a client that dies now is told again");
        client.Parser.Events.Skip(1).Select(static e => e.Data).ShouldBe(Enumerable.Range(151, 100).Select(static i => $"{i}"));
    }

    // Less than the history holds, so that it has everything however slow the readers are.
    private const int Most = 150_000;

    private static async Task PublishAsync(SseApp app, List<(string Channel, long Sequence)> published, CancellationToken stop)
    {
        // 5,000 a second on two channels: portions of 25, each 5 ms.
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        for (var n = 0; !stop.IsCancellationRequested && n < Most; await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            for (var i = 0; i < 25; i++, n++)
            {
                var channel = n % 10 == 0 ? "quiet" : "noisy";
                var id = await app.Publisher.PublishAsync(channel, $"{n}:{new string('x', n % 200)}", "e", CancellationToken.None);
                published.Add((channel, id.Sequence));
            }
        }
    }

    private static async Task<(List<long> Seen, int Gaps)> FollowAsync(SseApp app, SseEventId start, int reconnections, int seed)
    {
        var random = new Random(seed);
        var position = start.ToString();
        var seen = new List<long>();
        var gaps = 0;
        for (var i = 0; i < reconnections; i++)
        {
            using var client = await RawClient.ConnectAsync(app.EndPoint, "/events?channels=quiet,noisy", position);
            var dieAt = random.Next(1, 40_000);
            while (client.BodyBytes < dieAt && await client.ReadAsync(Math.Max(1, (int)Math.Min(8192, dieAt - client.BodyBytes))))
            {
            }

            foreach (var e in client.Parser.Events)
            {
                gaps += e.Type == "sse.gap" ? 1 : 0;
                SseEventId.TryParse(e.LastEventId, out var id).ShouldBeTrue();
                seen.Add(id.Sequence);
            }

            // What a browser would send: the last id it saw, of a complete block.
            position = client.Parser.LastEventId.Length > 0 ? client.Parser.LastEventId : position;
            if (random.Next(2) == 0)
            {
                client.Reset();
            }
        }

        return (seen, gaps);
    }
}
