namespace Resilience.Queues.Tests.Unit;

public sealed class TrackedStreamTests
{
    [Fact]
    public void The_counter_triggers_exactly_every_hundredth_time_from_any_number_of_threads()
    {
        var stream = new TrackedStream("events", new StreamRetention(), 100, TrimSampling.Counter, seed: 4711);
        var triggers = 0;
        Parallel.For(0, 16, _ =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                if (stream.Count())
                {
                    Interlocked.Increment(ref triggers);
                }
            }
        });
        triggers.ShouldBe(1600);
    }

    [Fact]
    public void Nodes_start_at_different_counts()
    {
        var first = Enumerable.Range(1, 50).Select(static seed =>
        {
            var stream = new TrackedStream("events", new StreamRetention(), 100, TrimSampling.Counter, seed * 7919L);
            var count = 1;
            while (!stream.Count())
            {
                count++;
            }

            return count;
        }).Distinct().Count();
        first.ShouldBeGreaterThan(10);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(42)]
    [InlineData(long.MaxValue)]
    public void Random_sampling_triggers_about_every_hundredth_time(long seed)
    {
        var stream = new TrackedStream("events", new StreamRetention(), 100, TrimSampling.Random, seed);
        var triggers = 0;
        for (var i = 0; i < 1_000_000; i++)
        {
            triggers += stream.Count() ? 1 : 0;
        }

        // Ten standard deviations on either side.
        triggers.ShouldBeInRange(9000, 11_000);
    }

    [Fact]
    public void With_one_append_per_trim_every_append_triggers()
    {
        foreach (var sampling in new[] { TrimSampling.Counter, TrimSampling.Random })
        {
            var stream = new TrackedStream("events", new StreamRetention(), 1, sampling, seed: 5);
            Enumerable.Range(0, 100).ShouldAllBe(_ => stream.Count());
        }
    }
}
