using Resilience.TestKit.Systematic;

namespace Resilience.TestKit.Tests.Systematic;

/// <summary>
/// Four ways to join "read what is stored" with "hear what is new". A publication is stored and announced in two steps, so announcements may overtake each other.
/// Only the last one is right.
/// </summary>
internal sealed class ReconnectProtocols(Schedule schedule)
{
    private readonly List<int> _log = [];
    private readonly List<Action<int>> _subscribers = [];

    public List<int> Delivered { get; } = [];

    public static async Task Test(Schedule schedule, Func<ReconnectProtocols, Func<Task>, Task> client)
    {
        var subject = new ReconnectProtocols(schedule);
        var publishers = Enumerable.Range(0, 3).Select(i => schedule.Run($"publisher {i}", subject.PublishThree)).ToArray();
        await client(subject, () => Task.WhenAll(publishers));
        await Task.WhenAll(publishers);
        subject.Delivered.ShouldBe(subject._log);
    }

    /// <summary>A: read, then subscribe. What is published in between is lost.</summary>
    public async Task ReadThenSubscribe()
    {
        foreach (var entry in await Read(0))
        {
            await Deliver(entry);
        }

        await Subscribe(Delivered.Add);
    }

    /// <summary>B: subscribe, then read. What is published in between comes twice.</summary>
    public async Task SubscribeThenRead()
    {
        await Subscribe(Delivered.Add);
        foreach (var entry in await Read(0))
        {
            await Deliver(entry);
        }
    }

    /// <summary>C: looks right, but what arrives between draining the buffer and going live stays in the buffer for ever.</summary>
    public async Task DrainOnceThenGoLive()
    {
        var live = false;
        var buffer = new List<int>();
        var early = new SortedSet<int>();
        await Subscribe(entry =>
        {
            if (live)
            {
                early.Add(entry);
                Contiguous();
            }
            else
            {
                buffer.Add(entry);
            }
        });
        foreach (var entry in await Read(0))
        {
            await Deliver(entry);
        }

        early.UnionWith(buffer.Where(e => e > Delivered.LastOrDefault()));
        Contiguous();
        await schedule.Yield();
        live = true;

        void Contiguous()
        {
            while (early.Remove(Delivered.LastOrDefault() + 1))
            {
                Delivered.Add(Delivered.LastOrDefault() + 1);
            }
        }
    }

    /// <summary>D: one pump, strictly the next entry, refilled from the log after the subscription was confirmed.</summary>
    public async Task OnePump(Func<Task> published)
    {
        var gate = new SortedSet<int>();
        var bell = new TaskCompletionSource();
        var stop = false;
        await Refill();
        await Subscribe(entry =>
        {
            gate.Add(entry);
            bell.TrySetResult();
        });
        await Refill();
        var pump = schedule.Run("pump", async () =>
        {
            while (!stop || gate.Count > 0)
            {
                bell = new TaskCompletionSource();
                gate.RemoveWhere(e => e <= Delivered.LastOrDefault());
                if (gate.Remove(Delivered.LastOrDefault() + 1))
                {
                    await Deliver(Delivered.LastOrDefault() + 1);
                }
                else if (gate.Count > 0)
                {
                    await Refill();
                }
                else if (!stop)
                {
                    await bell.Task;
                }
            }
        });
        await published();
        stop = true;
        bell.TrySetResult();
        await pump;

        async Task Refill()
        {
            while (await Read(Delivered.LastOrDefault()) is { Count: > 0 } page)
            {
                foreach (var entry in page)
                {
                    await Deliver(entry);
                }
            }
        }
    }

    private async Task PublishThree()
    {
        for (var i = 0; i < 3; i++)
        {
            await schedule.Yield();
            var entry = _log.Count + 1;
            _log.Add(entry);
            await schedule.Yield();
            _subscribers.ForEach(s => s(entry));
        }
    }

    private async Task<List<int>> Read(int after)
    {
        await schedule.Yield();
        var page = _log.Skip(after).ToList();
        await schedule.Yield();
        return page;
    }

    private async Task Subscribe(Action<int> subscriber)
    {
        await schedule.Yield();
        _subscribers.Add(subscriber);
        await schedule.Yield();
    }

    private async Task Deliver(int entry)
    {
        await schedule.Yield();
        Delivered.Add(entry);
    }
}
