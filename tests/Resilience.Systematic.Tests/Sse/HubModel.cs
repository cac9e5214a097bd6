using System.Globalization;
using System.Text;
using Resilience.Sse;
using Resilience.TestKit.History;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Sse;

/// <summary>Faults that are planted into the reader.</summary>
public enum ReaderFault
{
    /// <summary>The reader as it is shipped.</summary>
    None,

    /// <summary>A reconnection begins one event too late.</summary>
    SkipsOnReconnection,

    /// <summary>A reconnection begins one event too early.</summary>
    RepeatsOnReconnection,

    /// <summary>A loss is passed over in silence.</summary>
    HidesLoss,

    /// <summary>A gap is told where nothing was lost.</summary>
    TellsNeedlessGap,

    /// <summary>Two events of one slice change places.</summary>
    SwapsTwo,

    /// <summary>An event of a slice is left out.</summary>
    DropsOne,

    /// <summary>An event comes with another one's content.</summary>
    WrongContent,

    /// <summary>The channels are looked at first and the head is read afterwards.</summary>
    ReadsHeadLast,

    /// <summary>The reader stops before the end.</summary>
    LosesTail,
}

/// <summary>Two publishers and a client that breaks off and comes back, on a real hub; the history checker judges.</summary>
internal sealed class HubModel(ReaderFault fault, bool evicting)
{
    private const string Epoch = "1test";
    private const int EventsEach = 4;

    private readonly HistoryRecorder _history = new();
    private readonly string[] _channels = evicting ? ["a"] : ["a", "b"];
    private SseHub _hub = null!;
    private int _publishing = 2;
    private long _client;
    private bool _faulted;

    public static async Task Run(Schedule schedule, ReaderFault fault, bool evicting)
    {
        var model = new HubModel(fault, evicting);
        await model.RunAsync(schedule);
        var violations = model._history.Check();
        Schedule.Check(violations.Count == 0, string.Join("; ", violations));
    }

    private async Task RunAsync(Schedule schedule)
    {
        _hub = new SseHub(new SseClock(schedule.Time, new Random(1)), new HubLimits { EventsPerChannel = evicting ? 2 : 100 }, new HubEpoch(Epoch));
        var tasks = new[]
        {
            schedule.Run("publisher 1", () => PublishAsync(schedule, 100)),
            schedule.Run("publisher 2", () => PublishAsync(schedule, 200)),
            schedule.Run("client", () => FollowAsync(schedule)),
        };
        foreach (var task in tasks)
        {
            await task;
        }

        _history.Add(new HistoryEvent.AtRest(At(_hub.Head)));
    }

    private async Task PublishAsync(Schedule schedule, long first)
    {
        for (var id = first; id < first + EventsEach; id++)
        {
            _history.Add(new HistoryEvent.PublishInvoked(id, id));
            var data = Encoding.ASCII.GetBytes(id.ToString(CultureInfo.InvariantCulture));
            var position = _hub.Append(_channels[id % _channels.Length], SseFrame.Encode(_hub.Epoch.IdPrefix.Length, null, data), null, out _);
            _history.Add(new HistoryEvent.PublishConfirmed(id, At(position.Sequence)));
            await schedule.Yield();
        }

        _publishing--;
    }

    private async Task FollowAsync(Schedule schedule)
    {
        for (var generation = 1; ; generation++)
        {
            var from = generation == 1 ? 0 : fault switch
            {
                ReaderFault.SkipsOnReconnection => Math.Min(_client + 1, _hub.Head),
                ReaderFault.RepeatsOnReconnection => Math.Max(_client - 1, 0),
                _ => _client,
            };
            var cursor = new HubCursor(_hub, new WakeSignal(), 64);
            _history.Add(new HistoryEvent.Opened("client", generation, At(from)));
            var start = cursor.Open(_channels, $"{Epoch}.{from}", _hub.Head);
            if (start.GapReason is not null)
            {
                TellLoss(generation);
            }

            var reconnect = await ReadAsync(schedule, cursor, generation, generation < 4);
            cursor.Close();
            if (!reconnect)
            {
                return;
            }

            _history.Add(new HistoryEvent.Closed("client", generation));
        }
    }

    /// <summary>Reads until the end, or until the connection breaks.</summary>
    private async Task<bool> ReadAsync(Schedule schedule, HubCursor cursor, int generation, bool mayBreak)
    {
        var frames = new SseFrame?[2];
        while (true)
        {
            var over = _publishing == 0;
            Schedule.Point("before taking");
            var taken = fault == ReaderFault.ReadsHeadLast ? TakeHeadLast(frames) : cursor.Take(frames, 4096, out var lost) is var count && lost ? -1 : count;
            if (taken < 0)
            {
                cursor.AcceptLoss();
                TellLoss(generation);
                continue;
            }

            if (taken == 0)
            {
                if (over || (fault == ReaderFault.LosesTail && _client > 2))
                {
                    return false;
                }

                await schedule.Yield();
                continue;
            }

            foreach (var (sequence, content) in Disturb(frames.Take(taken).Select(static f => (f!.Sequence, Content(f))).ToList()))
            {
                _history.Add(new HistoryEvent.Delivered("client", generation, At(sequence), content));
                if (mayBreak && schedule.Choose(4) == 0)
                {
                    // The connection breaks before the client has taken the event over.
                    return true;
                }

                _history.Add(new HistoryEvent.Processed("client", At(sequence)));
                _client = sequence;
            }
        }
    }

    private void TellLoss(int generation)
    {
        var through = _hub.Find("a")!.LostThrough;
        _history.Add(new HistoryEvent.Trimmed(At(through + 1)));
        if (fault != ReaderFault.HidesLoss)
        {
            _history.Add(new HistoryEvent.Reset("client", generation, At(through), "evicted"));
        }

        _client = Math.Max(_client, through);
    }

    private List<(long Sequence, long Content)> Disturb(List<(long Sequence, long Content)> slice)
    {
        if (fault == ReaderFault.TellsNeedlessGap && !_faulted && slice[0].Sequence > 1)
        {
            _faulted = true;
            _history.Add(new HistoryEvent.Reset("client", 1, At(slice[0].Sequence - 1), "needless"));
        }
        else if (slice.Count == 2 && fault is ReaderFault.SwapsTwo or ReaderFault.DropsOne)
        {
            return fault == ReaderFault.SwapsTwo && slice.Count == 2 ? [slice[1], slice[0]] : [.. slice.Skip(slice.Count - 1)];
        }
        else if (fault == ReaderFault.WrongContent)
        {
            return [.. slice.Select(static s => (s.Sequence, s.Content + 1000))];
        }

        return slice;
    }

    /// <summary>The mistake that the hub's invariant is there for: between the look and the head, another channel's event is passed over.</summary>
    private int TakeHeadLast(SseFrame?[] frames)
    {
        var bytes = 4096;
        var found = new List<SseFrame>();
        foreach (var channel in _channels)
        {
            var part = new SseFrame?[1];
            if (_hub.Find(channel) is { } log && log.Take(_client, long.MaxValue, part, ref bytes) == 1)
            {
                found.Add(part[0]!);
            }

            Schedule.Point("between two channels");
        }

        found.Sort(static (x, y) => x.Sequence.CompareTo(y.Sequence));
        for (var i = 0; i < found.Count; i++)
        {
            frames[i] = found[i];
        }

        return found.Count;
    }

    private static long Content(SseFrame frame)
    {
        var text = Encoding.ASCII.GetString(frame.Bytes.Span);
        var at = text.IndexOf("data: ", StringComparison.Ordinal) + 6;
        return long.Parse(text.AsSpan(at, text.IndexOf('\n', at) - at), CultureInfo.InvariantCulture);
    }

    private static StreamPosition At(long sequence) => new(Epoch, sequence);
}
