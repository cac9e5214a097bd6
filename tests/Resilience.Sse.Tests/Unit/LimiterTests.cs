namespace Resilience.Sse.Tests.Unit;

public sealed class LimiterTests
{
    [Fact]
    public void A_key_gets_its_burst_and_then_the_rate()
    {
        var limiter = new AttemptLimiter(perSecond: 1, burst: 20);
        for (var i = 0; i < 20; i++)
        {
            limiter.TryTake("a", 1000, out _).ShouldBeTrue();
        }

        limiter.TryTake("a", 1000, out var retry).ShouldBeFalse();
        retry.ShouldBe(1000);
        limiter.TryTake("a", 1999, out _).ShouldBeFalse();
        limiter.TryTake("a", 2000, out _).ShouldBeTrue();
        limiter.TryTake("a", 2000, out _).ShouldBeFalse();
        limiter.TryTake("a", 100_000, out _).ShouldBeTrue();
    }

    [Fact]
    public void A_refused_attempt_costs_nothing()
    {
        var limiter = new AttemptLimiter(1, 1);
        limiter.TryTake("a", 0, out _).ShouldBeTrue();
        for (var i = 0; i < 1000; i++)
        {
            limiter.TryTake("a", 500, out _).ShouldBeFalse();
        }

        limiter.TryTake("a", 1000, out _).ShouldBeTrue();
    }

    [Fact]
    public void A_flood_from_other_keys_does_not_shut_a_key_out()
    {
        var limiter = new AttemptLimiter(1, 20);
        for (var key = 0; key < 200; key++)
        {
            for (var i = 0; i < 30; i++)
            {
                limiter.TryTake($"flood{key}", 0, out _);
            }
        }

        // 200 keys in four rows of 4,096: that all four cells of a key are full has a chance of one in about 200,000, so of four in 2,000 there is none. One row would shut out 100.
        Enumerable.Range(0, 2000).Count(i => limiter.TryTake($"user{i}", 0, out _)).ShouldBeGreaterThan(1996);
    }

    [Fact]
    public void A_parallel_burst_is_admitted_exactly_up_to_the_limit()
    {
        var limiter = new ConnectionLimiter(1000, 5, null);
        var admitted = 0;
        Parallel.For(0, 500, _ =>
        {
            if (Take(limiter, "k", "a") is null)
            {
                Interlocked.Increment(ref admitted);
            }
        });
        admitted.ShouldBe(5);
        for (var i = 0; i < 5; i++)
        {
            limiter.Release("k", "a");
        }

        limiter.Count.ShouldBe(0);
        limiter.Keys.ShouldBe(0, "a key without connections takes no memory");
    }

    [Fact]
    public void Each_limit_names_itself()
    {
        var limiter = new ConnectionLimiter(3, 1, 2);
        Take(limiter, "u1@a", "a").ShouldBeNull();
        Take(limiter, "u1@a", "a").ShouldBe("key");
        Take(limiter, "u2@a", "a").ShouldBeNull();
        Take(limiter, "u3@a", "a").ShouldBe("address");
        Take(limiter, "u4@b", "b").ShouldBeNull();
        Take(limiter, "u5@c", "c").ShouldBe("total");
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64")]
    [InlineData("::1", "::1")]
    public void An_address_counts_as_its_network(string address, string network) =>
        KeyResolver.Network(System.Net.IPAddress.Parse(address)).ShouldBe(network);

    private static string? Take(ConnectionLimiter limiter, string key, string address) => limiter.TryTake(ref key, address);
}
