using System.Globalization;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;
using Resilience.TestKit.History;

namespace Resilience.Sse.Tests.Stress;

/// <summary>Faults that are planted between the wire and the history, as a server would show them that had them.</summary>
public enum StreamFault
{
    /// <summary>The server as it is.</summary>
    None,

    /// <summary>The first event after a reconnection is missing.</summary>
    SkipsOnReconnection,

    /// <summary>The last event before a reconnection comes again.</summary>
    RepeatsOnReconnection,

    /// <summary>Two events change places.</summary>
    SwapsTwo,

    /// <summary>An event in the middle is missing.</summary>
    DropsOne,

    /// <summary>An event comes twice.</summary>
    DoublesOne,

    /// <summary>An event has another one's content.</summary>
    WrongContent,

    /// <summary>A gap is told where nothing was lost.</summary>
    TellsNeedlessGap,

    /// <summary>The last events never come.</summary>
    LosesTail,
}

/// <summary>I3 on real sockets, judged by the history checker: a thousand reconnections at random bytes under 5,000 events a second.</summary>
public sealed class CheckedLossTests
{
    [Fact]
    public async Task I3_A_thousand_reconnections_at_random_bytes_leave_a_history_without_a_fault() =>
        (await RunAsync(StreamFault.None, clients: 8, reconnections: 125)).ShouldBeEmpty();

    [Theory]
    [InlineData(StreamFault.SkipsOnReconnection)]
    [InlineData(StreamFault.RepeatsOnReconnection)]
    [InlineData(StreamFault.SwapsTwo)]
    [InlineData(StreamFault.DropsOne)]
    [InlineData(StreamFault.DoublesOne)]
    [InlineData(StreamFault.WrongContent)]
    [InlineData(StreamFault.TellsNeedlessGap)]
    [InlineData(StreamFault.LosesTail)]
    public async Task A_fault_that_is_planted_into_the_stream_is_found_in_the_history(StreamFault fault) =>
        (await RunAsync(fault, clients: 1, reconnections: 10)).ShouldNotBeEmpty();

    private static async Task<IReadOnlyList<HistoryViolation>> RunAsync(StreamFault fault, int clients, int reconnections)
    {
        await using var app = await SseApp.StartAsync(static o =>
        {
            o.HistoryEvents = 200_000;
            o.HistoryBytes = 64 << 20;
            o.TotalHistoryBytes = 256 << 20;
            o.MaxReplayEvents = 200_000;
        });
        var history = new HistoryRecorder();
        var start = app.Publisher.Position;
        using var stop = new CancellationTokenSource();
        var publishing = PublishAsync(app, history, stop.Token);
        var followers = Enumerable.Range(0, clients).Select(i => new Follower(app, history, fault, i, start)).ToList();
        await Task.WhenAll(followers.Select(f => Task.Run(() => f.FollowAsync(reconnections)))).Within(TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await publishing;
        await Task.WhenAll(followers.Select(f => Task.Run(() => f.FinishAsync(app.Publisher.Position)))).Within(TimeSpan.FromSeconds(10));
        history.Add(new HistoryEvent.AtRest(At(app.Publisher.Position)));
        return history.Check();
    }

    // Less than the history holds, so that it has everything however slow the readers are.
    private const int Most = 150_000;

    private static async Task PublishAsync(SseApp app, HistoryRecorder history, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        for (var n = 1; !stop.IsCancellationRequested && n < Most; await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            for (var i = 0; i < 25; i++, n++)
            {
                history.Add(new HistoryEvent.PublishInvoked(n, n));
                var id = await app.Publisher.PublishAsync(n % 10 == 0 ? "quiet" : "noisy", $"{n}:{new string('x', n % 200)}", "e", CancellationToken.None);
                history.Add(new HistoryEvent.PublishConfirmed(n, At(id)));
            }
        }
    }

    private static StreamPosition At(SseEventId id) => new(id.Epoch, id.Sequence);

    /// <summary>A client that dies and comes back with what a browser would send: the last id of a complete block.</summary>
    private sealed class Follower(SseApp app, HistoryRecorder history, StreamFault fault, int number, SseEventId start)
    {
        private readonly Random _random = new(number);
        private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"client {number}");
        private SseEventId _position = start;
        private ParsedEvent? _last;
        private int _generation;
        private bool _planted;

        public async Task FollowAsync(int reconnections)
        {
            for (var i = 0; i < reconnections; i++)
            {
                var dieAt = _random.Next(1, 40_000);
                await OpenAsync(async client =>
                {
                    while (client.BodyBytes < dieAt && await client.ReadAsync(Math.Max(1, (int)Math.Min(8192, dieAt - client.BodyBytes))))
                    {
                    }
                });
            }
        }

        /// <summary>Reads what is left.</summary>
        public Task FinishAsync(SseEventId head) =>
            _position == head ? Task.CompletedTask : OpenAsync(client => client.ReadUntilAsync(c => c.Parser.LastEventId == head.ToString()));

        private async Task OpenAsync(Func<RawClient, Task> read)
        {
            _generation++;
            history.Add(new HistoryEvent.Opened(_name, _generation, At(_position)));
            using var client = await RawClient.ConnectAsync(app.EndPoint, "/events?channels=quiet,noisy", _position.ToString());
            await read(client);
            foreach (var e in Disturb(client.Parser.Events))
            {
                Record(e);
            }

            if (client.Parser.Events is [.., var last])
            {
                _last = last;
                _position = Position(last);
            }

            history.Add(new HistoryEvent.Closed(_name, _generation));
            if (_random.Next(2) == 0)
            {
                client.Reset();
            }
        }

        private void Record(ParsedEvent e)
        {
            if (e.Type == "sse.gap")
            {
                history.Add(new HistoryEvent.Reset(_name, _generation, At(Position(e)), "gap"));
                return;
            }

            var content = long.Parse(e.Data.AsSpan(0, e.Data.IndexOf(':', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
            history.Add(new HistoryEvent.Delivered(_name, _generation, At(Position(e)), content));
            history.Add(new HistoryEvent.Processed(_name, At(Position(e))));
        }

        private List<ParsedEvent> Disturb(List<ParsedEvent> events)
        {
            var all = events.ToList();
            if (fault is StreamFault.None || (_planted && fault != StreamFault.LosesTail) || all.Count < 6 || _last is not { } last)
            {
                return all;
            }

            _planted = true;
            switch (fault)
            {
                case StreamFault.SkipsOnReconnection:
                    all.RemoveAt(0);
                    break;
                case StreamFault.RepeatsOnReconnection:
                    all.Insert(0, last);
                    break;
                case StreamFault.SwapsTwo:
                    (all[2], all[3]) = (all[3], all[2]);
                    break;
                case StreamFault.DropsOne:
                    all.RemoveAt(3);
                    break;
                case StreamFault.DoublesOne:
                    all.Insert(3, all[2]);
                    break;
                case StreamFault.WrongContent:
                    all[3] = all[3] with { Data = all[2].Data };
                    break;
                case StreamFault.TellsNeedlessGap:
                    all.Insert(3, all[2] with { Type = "sse.gap" });
                    break;
                default:
                    all.RemoveRange(3, all.Count - 3);
                    break;
            }

            return all;
        }

        private static SseEventId Position(ParsedEvent e)
        {
            SseEventId.TryParse(e.LastEventId, out var id).ShouldBeTrue(e.LastEventId);
            return id;
        }
    }
}
