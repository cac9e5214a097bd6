using System.Net;
using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Unit;

public sealed class SourceTests
{
    [Fact]
    public void Addresses_of_one_IPv6_prefix_and_mapped_IPv4_addresses_are_one_source()
    {
        Of("2001:db8:1:2::1").ShouldBe(Of("2001:db8:1:2:ffff::9"));
        Of("2001:db8:1:2::1").ShouldNotBe(Of("2001:db8:1:3::1"));
        Of("192.0.2.1").ShouldBe(Of("::ffff:192.0.2.1"));
        Of("192.0.2.1").ShouldNotBe(Of("192.0.2.2"));
        CleanupSource.FromAddress(null).ShouldBe(default);
        CleanupSource.FromKey("a").ShouldBe(CleanupSource.FromKey("a"));
        CleanupSource.FromKey("a").ShouldNotBe(CleanupSource.FromKey("b"));
        CleanupSource.FromKey("").ShouldBe(default);
    }

    [Fact]
    public void A_source_is_over_its_rate_after_the_burst_and_recovers_with_time()
    {
        var time = new ManualTimeProvider();
        var limiter = new SourceLimiter(perSecond: 10, burst: 5, time);
        var source = CleanupSource.FromKey("a");

        Enumerable.Range(0, 7).Select(_ => limiter.IsOver(source, time.GetTimestamp())).ShouldBe([false, false, false, false, false, true, true]);
        time.Advance(TimeSpan.FromMilliseconds(100));
        limiter.IsOver(source, time.GetTimestamp()).ShouldBeFalse();
        limiter.IsOver(source, time.GetTimestamp()).ShouldBeTrue();
        time.Advance(TimeSpan.FromSeconds(10));
        Enumerable.Range(0, 6).Select(_ => limiter.IsOver(source, time.GetTimestamp())).ShouldBe([false, false, false, false, false, true]);
    }

    [Fact]
    public void No_source_is_never_limited_and_a_busy_one_does_not_limit_the_others()
    {
        var limiter = new SourceLimiter(perSecond: 1, burst: 1, new ManualTimeProvider());
        var busy = CleanupSource.FromKey("busy");
        for (var i = 0; i < 1000; i++)
        {
            limiter.IsOver(busy, now: 1);
            limiter.IsOver(default, now: 1).ShouldBeFalse();
        }

        // Two places of 4,096 are taken: at most one of many thousands may share both.
        Enumerable.Range(0, 1000).Count(i => limiter.IsOver(CleanupSource.FromKey($"other {i}"), now: 1)).ShouldBeLessThan(200);
    }

    private static CleanupSource Of(string address) => CleanupSource.FromAddress(IPAddress.Parse(address));
}
