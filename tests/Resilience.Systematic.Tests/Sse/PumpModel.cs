using System.Text;
using Resilience.Sse;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Sse;

/// <summary>Faults that are planted into a copy of the pump.</summary>
public enum PumpFault
{
    /// <summary>The pump as it is shipped.</summary>
    None,

    /// <summary>The copy without a fault: shows that the faults below are what is found.</summary>
    Copy,

    /// <summary>The walk begins with the first chunk, and who is moved to the front meanwhile is missed.</summary>
    WalksFromTheFront,

    /// <summary>What is published during a round is taken for covered by it.</summary>
    ClearsTheFlagLate,
}

/// <summary>
/// More subscribers than a chunk holds, of which two read, some leave and one joins while events are published. The readers have nothing but the pump to wake them: a lost
/// wake-up is a schedule that never ends.
/// </summary>
internal static class PumpModel
{
    private const int Events = 3;

    public static async Task RunAsync(Schedule schedule, PumpFault fault)
    {
        var hub = new SseHub(new SseClock(schedule.Time, new Random(1)), new HubLimits(), new HubEpoch("1test"));
        var pump = fault == PumpFault.None ? null : new MutantPump(hub, fault);
        var crowd = Enumerable.Range(0, SubscriberSet.ChunkSize).Select(_ => Join(new WakeSignal())).ToArray();
        var tasks = new List<Task>
        {
            Read("reader in the second chunk"),
            Read("the last reader"),
            schedule.Run("publisher", async () =>
            {
                for (var i = 0; i < Events; i++)
                {
                    hub.Append("a", SseFrame.Encode(hub.Epoch.IdPrefix.Length, null, Encoding.ASCII.GetBytes("x")), null, out _);
                    pump?.Pump(schedule);
                    await schedule.Yield();
                }
            }),
            schedule.Run("leavers", async () =>
            {
                foreach (var leaver in crowd.Take(2))
                {
                    await schedule.Yield();
                    leaver();
                }

                Join(new WakeSignal());
            }),
        };
        foreach (var task in tasks)
        {
            await task;
        }

        Action Join(WakeSignal signal)
        {
            var cursor = new HubCursor(hub, signal, 64);
            if (pump is not null)
            {
                return pump.Add(cursor);
            }

            cursor.Open(["a"], null, hub.Head);
            return cursor.Close;
        }

        Task Read(string name)
        {
            var signal = new WakeSignal();
            var cursor = new HubCursor(hub, signal, 64);
            var leave = pump?.Add(cursor);
            cursor.Open(pump is null ? ["a"] : [], null, hub.Head);
            return schedule.Run(name, async () =>
            {
                var frames = new SseFrame?[2];
                for (var seen = 0; seen < Events;)
                {
                    // What a connection does: take all there is, then wait.
                    var taken = pump is null ? cursor.Take(frames, 4096, out _) : (int)hub.Head - seen;
                    seen += taken;
                    if (taken == 0)
                    {
                        await signal.WaitAsync();
                    }
                }

                (leave ?? cursor.Close)();
            });
        }
    }
}

/// <summary>A copy of the pump in its smallest form, into which faults are planted.</summary>
internal sealed class MutantPump(SseHub hub, PumpFault fault)
{
    private readonly Lock _gate = new();
    private readonly SubscriberSet _subscribers = new();
    private bool _pumping;

    /// <summary>Adds a subscriber; what is returned takes it out.</summary>
    public Action Add(HubCursor cursor)
    {
        var subscription = new Subscription(cursor, new ChannelLog("a", hub, 0), 0);
        lock (_gate)
        {
            _subscribers.Add(subscription);
        }

        return () =>
        {
            lock (_gate)
            {
                _subscribers.Remove(subscription);
            }
        };
    }

    public void Pump(Schedule schedule)
    {
        if (_pumping)
        {
            return;
        }

        _pumping = true;
        _ = schedule.Run("round", Walk);
    }

    private void Walk()
    {
        _pumping = fault == PumpFault.ClearsTheFlagLate;
        Schedule.Point("round started");
        int chunks;
        lock (_gate)
        {
            chunks = _subscribers.ChunkCount;
        }

        for (var i = 0; i < chunks; i++)
        {
            Schedule.Point("before a chunk");
            var items = new Subscription?[SubscriberSet.ChunkSize];
            int count;
            lock (_gate)
            {
                count = _subscribers.CopyChunk(fault == PumpFault.WalksFromTheFront ? i : chunks - 1 - i, items);
            }

            foreach (var subscription in items.AsSpan(0, count))
            {
                subscription!.Cursor.WakeInline();
            }
        }

        _pumping = false;
    }
}
