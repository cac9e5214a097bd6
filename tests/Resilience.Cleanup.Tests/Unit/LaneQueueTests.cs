using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Unit;

public sealed class LaneQueueTests
{
    [Fact]
    public void The_bound_counts_what_has_not_ended_wherever_it_is()
    {
        var queue = new LaneQueue(capacity: 2);
        var slot = new ClaimSlot(8);
        queue.TryAdd(Entry()).ShouldBe(WriteResult.Added);
        queue.TryAdd(Entry()).ShouldBe(WriteResult.Added);

        queue.Take(slot).ShouldBe(2);
        queue.TryAdd(Entry()).ShouldBe(WriteResult.Full);
        queue.Ended(1);
        queue.TryAdd(Entry()).ShouldBe(WriteResult.Added);
        queue.Stop();
        queue.TryAdd(Entry()).ShouldBe(WriteResult.Stopped);
        queue.TryPutBack(Entry()).ShouldBeFalse();
    }

    [Fact]
    public void Order_is_kept_while_the_ring_grows_and_shrinks()
    {
        var queue = new LaneQueue(capacity: 100_000);
        var slot = new ClaimSlot(64);
        var entries = Enumerable.Range(0, 20_000).Select(_ => Entry()).ToArray();
        var taken = new List<ScopeCore>();
        for (var i = 0; i < entries.Length; i++)
        {
            queue.TryAdd(entries[i]);
            if (i % 100 == 99)
            {
                Drain(max: 1);
            }
        }

        Drain(max: int.MaxValue);
        taken.ShouldBe(entries);

        void Drain(int max)
        {
            for (var i = 0; i < max && queue.Take(slot) is var count && count > 0; i++)
            {
                taken.AddRange(Enumerable.Range(0, count).Select(index => slot.Take(index)!));
            }
        }
    }

    [Fact]
    public void The_low_lane_gets_its_eighth_and_no_more()
    {
        var queue = new LaneQueue(capacity: 1000);
        var slot = new ClaimSlot(64);
        for (var i = 0; i < 100; i++)
        {
            queue.TryAdd(Entry());
            queue.TryAdd(Entry(low: true));
        }

        queue.Take(slot).ShouldBe(64);
        Enumerable.Range(0, 64).Count(i => slot.Take(i)!.IsLow).ShouldBe(8);
        queue.Take(slot).ShouldBe(52);
        Enumerable.Range(0, 52).Count(i => slot.Take(i)!.IsLow).ShouldBe(8);
        queue.Take(slot).ShouldBe(8);
    }

    [Fact]
    public void With_slots_of_one_both_lanes_still_have_their_turns()
    {
        var queue = new LaneQueue(capacity: 1000);
        var slot = new ClaimSlot(1);
        for (var i = 0; i < 100; i++)
        {
            queue.TryAdd(Entry());
            queue.TryAdd(Entry(low: true));
        }

        var low = 0;
        for (var i = 0; i < 80; i++)
        {
            queue.Take(slot).ShouldBe(1);
            low += slot.Take(0)!.IsLow ? 1 : 0;
        }

        low.ShouldBe(10);
    }

    /// <summary>
    /// Cleanup D5: one worker of 10 us a scope, on a simulated clock. The others close in bursts of 32; the attacker makes nine of ten closes, thousands at once.
    /// </summary>
    [Fact]
    public void A_source_that_makes_nine_of_ten_closes_does_not_double_the_latency_of_the_others()
    {
        var idle = Simulate(attackers: 0);
        var attacked = Simulate(attackers: 9);

        var unprotected = Simulate(attackers: 9, limited: false);

        (attacked.P99 / idle.P99).ShouldBeLessThanOrEqualTo(2);
        (unprotected.P99 / idle.P99).ShouldBeGreaterThan(10, "the simulation can tell the difference");
        attacked.AttackersClosed.ShouldBe(attacked.AttackersPosted);
    }

    private static (double P99, int AttackersPosted, int AttackersClosed) Simulate(int attackers, bool limited = true)
    {
        var time = new ManualTimeProvider();
        var limiter = new SourceLimiter(perSecond: 200, burst: 400, time);
        var queue = new LaneQueue(capacity: 1_000_000);
        var slot = new ClaimSlot(64);
        var attacker = CleanupSource.FromKey("attacker");
        var latencies = new List<double>();
        var attackersOf = new HashSet<ScopeCore>();
        var step = 0;
        var random = new Random(7);
        var closed = 0;
        var posted = 0;
        while (true)
        {
            var count = queue.Take(slot);
            if (count == 0 && step > 1000)
            {
                break;
            }

            for (var i = 0; i < Math.Max(1, count); i++)
            {
                time.Advance(TimeSpan.FromMicroseconds(10));
                if (slot.Take(i) is { } entry)
                {
                    if (attackersOf.Remove(entry))
                    {
                        closed++;
                    }
                    else
                    {
                        latencies.Add(time.GetElapsedTime(entry.PostedAt).TotalMicroseconds);
                    }
                }

                Arrive();
            }
        }

        latencies.Sort();
        return (latencies[(int)(latencies.Count * 0.99)], posted, closed);

        // Every 10 ms a burst of the others; every tenth of these, the attacker's.
        void Arrive()
        {
            while (step <= 1000 && time.Elapsed >= TimeSpan.FromMilliseconds(10 * step))
            {
                var others = random.Next(16, 49);
                for (var i = 0; i < others; i++)
                {
                    queue.TryAdd(Entry(time.GetTimestamp(), low: false));
                }

                for (var i = 0; step % 10 == 5 && i < 320 * attackers; i++)
                {
                    var entry = Entry(time.GetTimestamp(), limited && limiter.IsOver(attacker, time.GetTimestamp()));
                    attackersOf.Add(entry);
                    queue.TryAdd(entry);
                    posted++;
                }

                step++;
            }
        }
    }

    private static ScopeCore Entry(bool low = false) => Entry(0, low);

    private static ScopeCore Entry(long postedAt, bool low)
    {
        var entry = new ScopeCore(ScopeEnvironment.Default);
        entry.MarkPosted(postedAt, low);
        return entry;
    }
}
