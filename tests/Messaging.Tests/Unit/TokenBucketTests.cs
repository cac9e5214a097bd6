using Messaging.Limits;
using Resilience.TestKit;

namespace Messaging.Tests.Unit;

/// <summary>A bucket gives what it has, and says when there is more.</summary>
public sealed class TokenBucketTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Turns_come_back_one_by_one_and_never_more_than_the_burst()
    {
        using var bucket = New(burst: 3, perMinute: 6);
        Take(bucket).ShouldBe([true, true, true, false]);

        _time.Advance(TimeSpan.FromSeconds(9));
        Wait(bucket).ShouldBe(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        Take(bucket).ShouldBe([true, false]);
        _time.Advance(TimeSpan.FromHours(1));
        Take(bucket).ShouldBe([true, true, true, false]);
        Wait(bucket).ShouldBe(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_turn_that_is_given_back_can_be_taken_again()
    {
        using var bucket = New(burst: 1, perMinute: 1);
        using var turn = (TokenBucket.Turn)bucket.AttemptAcquire();
        Take(bucket).ShouldBe([false]);

        turn.GiveBack();

        Take(bucket).ShouldBe([true, false]);
    }

    [Fact]
    public void It_is_idle_only_when_it_is_full()
    {
        using var bucket = New(burst: 2, perMinute: 1);
        bucket.AttemptAcquire().IsAcquired.ShouldBeTrue();
        bucket.IdleDuration.ShouldBeNull();

        _time.Advance(TimeSpan.FromSeconds(90));

        bucket.IdleDuration.ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Many_at_once_get_no_more_than_there_is()
    {
        using var bucket = New(burst: 50, perMinute: 1);

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 20).Count(_ => bucket.AttemptAcquire().IsAcquired)))).Within();

        taken.Sum().ShouldBe(50);
    }

    private static List<bool> Take(TokenBucket bucket)
    {
        var taken = new List<bool>();
        do
        {
            taken.Add(bucket.AttemptAcquire().IsAcquired);
        }
        while (taken[^1]);
        return taken;
    }

    private static TimeSpan Wait(TokenBucket bucket) => ((TokenBucket.Turn)bucket.AttemptAcquire()).Wait;

    private TokenBucket New(int burst, int perMinute) => new(new RateOptions { Burst = burst, PerMinute = perMinute }, _time);
}
