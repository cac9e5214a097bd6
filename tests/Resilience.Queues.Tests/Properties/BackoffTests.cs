using FsCheck;
using FsCheck.Fluent;
using Resilience.Shared;

namespace Resilience.Queues.Tests.Properties;

public sealed class BackoffTests
{
    private static readonly Gen<TimeSpan> Delays = Gen.Choose(0, int.MaxValue).Select(static ms => TimeSpan.FromMilliseconds(ms));

    [Fact]
    public void A_delay_is_never_negative_never_above_its_ceiling_and_never_shrinks_with_the_failures()
    {
        var failures = Gen.OneOf(Gen.Choose(0, 70), Gen.Choose(0, int.MaxValue - 1), Gen.Constant(int.MaxValue - 1));
        var cases = from failure in failures from first in Delays from ceiling in Delays select (failure, first, ceiling);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(20_000), Prop.ForAll(Arb.From(cases), static one =>
        {
            var delay = Backoff.After(one.failure, one.first, one.ceiling);
            var next = Backoff.After(one.failure + 1, one.first, one.ceiling);
            return delay >= TimeSpan.Zero && delay <= one.ceiling && next >= delay && (one.failure > 40 || delay == Exact(one.failure, one.first, one.ceiling));
        }));
    }

    [Fact]
    public void Jitter_only_shortens_and_by_no_more_than_was_asked()
    {
        var cases = from delay in Delays from percent in Gen.Choose(0, 100) from seed in Gen.Choose(0, 1000) select (delay, fraction: percent / 100.0, seed);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(20_000), Prop.ForAll(Arb.From(cases), static one =>
        {
            var delay = Backoff.WithJitter(one.delay, one.fraction, new Random(one.seed));
            return delay <= one.delay && delay >= (one.delay * (1 - one.fraction)) - TimeSpan.FromTicks(1) && delay >= TimeSpan.Zero;
        }));
    }

    [Fact]
    public void The_tries_come_after_2_4_8_16_and_32_seconds_and_never_later_than_60() =>
        Enumerable.Range(0, 8).Select(static failure => Backoff.After(failure, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(60)).TotalSeconds)
            .ShouldBe([2, 4, 8, 16, 32, 60, 60, 60]);

    private static TimeSpan Exact(int failure, TimeSpan first, TimeSpan ceiling)
    {
        var exact = (System.Numerics.BigInteger)first.Ticks << failure;
        return exact < ceiling.Ticks ? TimeSpan.FromTicks((long)exact) : ceiling;
    }
}
