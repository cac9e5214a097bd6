using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Unit;

public sealed class BreakerTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Exactly_one_of_many_posts_is_the_probe()
    {
        var breaker = new Breaker(1, TimeSpan.FromSeconds(30), _time);
        breaker.Refused(probe: false).ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(30));

        var passed = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => breaker.TryPass(out var probe) && probe)));

        passed.Count(static p => p).ShouldBe(1);
        breaker.State.ShouldBe(CleanupBreakerState.Probing);
        breaker.Accepted(probe: true).ShouldBeTrue();
        breaker.State.ShouldBe(CleanupBreakerState.Closed);
    }

    [Fact]
    public void Failed_probes_double_the_time_up_to_five_minutes()
    {
        var breaker = new Breaker(1, TimeSpan.FromSeconds(30), _time);
        breaker.Refused(probe: false);
        foreach (var seconds in new[] { 30, 60, 120, 240, 300, 300 })
        {
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
            breaker.TryPass(out _).ShouldBeFalse();
            _time.Advance(TimeSpan.FromTicks(1));
            breaker.TryPass(out var probe).ShouldBeTrue();
            breaker.Refused(probe).ShouldBeFalse();
        }
    }

    [Fact]
    public void An_accepted_post_between_refusals_starts_the_count_again()
    {
        var breaker = new Breaker(3, TimeSpan.FromSeconds(30), _time);
        for (var i = 0; i < 10; i++)
        {
            breaker.Refused(probe: false).ShouldBeFalse();
            breaker.Refused(probe: false).ShouldBeFalse();
            breaker.Accepted(probe: false).ShouldBeFalse();
        }

        breaker.State.ShouldBe(CleanupBreakerState.Closed);
        breaker.Backlogged().ShouldBeTrue();
        breaker.Backlogged().ShouldBeFalse();
    }

    [Fact]
    public void An_empty_queue_closes_it_when_its_time_is_over()
    {
        var breaker = new Breaker(1, TimeSpan.FromSeconds(30), _time);
        breaker.Idle().ShouldBeFalse();
        breaker.Backlogged().ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(29));
        breaker.Idle().ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));

        breaker.Idle().ShouldBeTrue();

        breaker.State.ShouldBe(CleanupBreakerState.Closed);
        breaker.TryPass(out var probe).ShouldBeTrue();
        probe.ShouldBeFalse();
    }
}
