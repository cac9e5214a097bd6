using Messaging.Client.Resending;
using Resilience.TestKit;

namespace Messaging.Tests.Unit;

public sealed class ResendQueueTests
{
    private static readonly int[] Delays = [2, 4, 8, 16, 32];

    private readonly ManualTimeProvider _time = new();
    private readonly List<ResendNotice> _notices = [];
    private readonly List<(string Text, double At)> _tries = [];

    [Fact]
    public async Task A_first_try_and_five_more_after_2_4_8_16_and_32_seconds()
    {
        var queue = Create(static _ => new SendResult.Unavailable("down"));
        queue.TryAdd(new OutgoingMessage("1", "hello")).ShouldBeTrue();
        queue.Complete();

        var running = queue.RunAsync(CancellationToken.None);
        foreach (var seconds in Delays)
        {
            await _time.WhenTimersAsync().Within();
            _time.NextDueIn.ShouldBe(TimeSpan.FromSeconds(seconds));
            _time.Advance(TimeSpan.FromSeconds(seconds));
        }

        await running.Within();
        _tries.Select(static entry => entry.At).ShouldBe([0, 2, 6, 14, 30, 62]);
        _notices.OfType<ResendNotice.Failed>().ShouldHaveSingleItem().Reason.ShouldBe("down");
        queue.FailedCount.ShouldBe(1);
    }

    [Fact]
    public async Task What_is_refused_for_good_leaves_at_once_and_the_next_goes()
    {
        var queue = Create(static message => message.Text == "bad" ? new SendResult.Refused("no") : new SendResult.Stored());
        queue.TryAdd(new OutgoingMessage("1", "bad"));
        queue.TryAdd(new OutgoingMessage("2", "good"));
        queue.Complete();

        await queue.RunAsync(CancellationToken.None).Within();

        _tries.Select(static entry => entry.Text).ShouldBe(["bad", "good"]);
        _notices[0].ShouldBeOfType<ResendNotice.Failed>().Message.Text.ShouldBe("bad");
        _notices[1].ShouldBeOfType<ResendNotice.Sent>().Message.Text.ShouldBe("good");
    }

    [Fact]
    public async Task A_later_message_does_not_overtake_one_that_waits()
    {
        var fail = true;
        var queue = Create(message => message.Text == "first" && fail ? new SendResult.Unavailable("down") : new SendResult.Stored());
        queue.TryAdd(new OutgoingMessage("1", "first"));
        queue.TryAdd(new OutgoingMessage("2", "second"));
        queue.Complete();

        var running = queue.RunAsync(CancellationToken.None);
        await _time.WhenTimersAsync().Within();
        fail = false;
        _time.Advance(TimeSpan.FromSeconds(2));
        await running.Within();

        _tries.Select(static entry => entry.Text).ShouldBe(["first", "first", "second"]);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(30, 30)]
    public async Task The_server_may_ask_for_a_longer_wait_and_not_for_a_shorter(int asked, int expected)
    {
        var first = true;
        var queue = Create(_ =>
        {
            SendResult result = first ? new SendResult.Unavailable("busy", TimeSpan.FromSeconds(asked)) : new SendResult.Stored();
            first = false;
            return result;
        });
        queue.TryAdd(new OutgoingMessage("1", "hello"));
        queue.Complete();

        var running = queue.RunAsync(CancellationToken.None);
        await _time.WhenTimersAsync().Within();
        _time.NextDueIn.ShouldBe(TimeSpan.FromSeconds(expected));
        _time.Advance(TimeSpan.FromSeconds(expected));

        await running.Within();
        queue.FailedCount.ShouldBe(0);
    }

    [Fact]
    public void A_full_queue_says_so()
    {
        var queue = new ResendQueue(static (_, _) => Task.FromResult<SendResult>(new SendResult.Stored()), static _ => { }, _time, capacity: 2);

        queue.TryAdd(new OutgoingMessage("1", "a")).ShouldBeTrue();
        queue.TryAdd(new OutgoingMessage("2", "b")).ShouldBeTrue();
        queue.TryAdd(new OutgoingMessage("3", "c")).ShouldBeFalse();
    }

    private ResendQueue Create(Func<OutgoingMessage, SendResult> send) => new(
        (message, _) =>
        {
            _tries.Add((message.Text, _time.Elapsed.TotalSeconds));
            return Task.FromResult(send(message));
        },
        _notices.Add,
        _time);
}
