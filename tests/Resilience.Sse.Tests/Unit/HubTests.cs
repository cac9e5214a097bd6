using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Unit;

public sealed class HubTests
{
    [Fact]
    public void A_channel_keeps_at_most_its_count_and_tells_exactly_what_was_lost()
    {
        var hub = Hubs.Create(new HubLimits { EventsPerChannel = 3 });
        for (var i = 0; i < 5; i++)
        {
            hub.Publish("a");
        }

        var log = hub.Find("a")!;
        log.Count.ShouldBe(3);
        log.LostThrough.ShouldBe(2);
        hub.Cursor("1test.2", ["a"]).Drain().ShouldBe([3, 4, 5]);
        var late = new HubCursor(hub, new WakeSignal(), 64);
        var start = late.Open(["a"], "1test.1", hub.Head);
        start.GapReason.ShouldBe("evicted");
        start.Channels.ShouldBe(["a"]);
        late.Drain().ShouldBe([3, 4, 5]);
    }

    [Fact]
    public void A_channel_keeps_at_most_its_bytes_but_always_the_newest_event()
    {
        var hub = Hubs.Create(new HubLimits { BytesPerChannel = 1000 });
        hub.Publish("a", new string('x', 400));
        hub.Publish("a", new string('x', 5000));
        hub.Find("a")!.Count.ShouldBe(1);
        hub.Cursor("1test.1", ["a"]).Drain().ShouldBe([2]);
    }

    [Fact]
    public void Events_leave_when_they_are_too_old()
    {
        var time = new ManualTimeProvider();
        var hub = Hubs.Create(new HubLimits { AgeMilliseconds = 10_000 }, time);
        hub.Publish("a");
        time.Advance(TimeSpan.FromSeconds(6));
        hub.Publish("b");
        time.Advance(TimeSpan.FromSeconds(5));
        hub.Trim();
        hub.Find("a")!.Count.ShouldBe(0);
        hub.Find("b")!.Count.ShouldBe(1);
        time.Advance(TimeSpan.FromSeconds(6));
        hub.Trim();
        hub.RetainedBytes.ShouldBe(0);
    }

    [Fact]
    public void All_channels_together_keep_at_most_the_total_and_the_oldest_event_of_all_goes_first()
    {
        var hub = Hubs.Create(new HubLimits { TotalBytes = 2000 });
        hub.Publish("quiet", new string('x', 400));
        for (var i = 0; i < 20; i++)
        {
            hub.Publish("noisy", new string('x', 400));
        }

        hub.RetainedBytes.ShouldBeLessThanOrEqualTo(2000);
        hub.Find("quiet")!.LostThrough.ShouldBe(1);
        hub.Find("noisy")!.Count.ShouldBe(3);
    }

    [Fact]
    public void A_quiet_channel_keeps_its_history_beside_a_noisy_one()
    {
        var hub = Hubs.Create(new HubLimits { EventsPerChannel = 100 });
        var first = hub.Publish("quiet");
        for (var i = 0; i < 10_000; i++)
        {
            hub.Publish("noisy");
        }

        var cursor = new HubCursor(hub, new WakeSignal(), 64);
        cursor.Open(["quiet"], "1test.0", hub.Head).GapReason.ShouldBeNull();
        cursor.Drain().ShouldBe([first.Sequence]);
    }

    [Theory]
    [InlineData(1, int.MaxValue)]
    [InlineData(2, int.MaxValue)]
    [InlineData(7, 1)]
    [InlineData(256, 300)]
    public void Many_channels_are_merged_in_the_order_of_the_sequence_whatever_the_slice(int slice, int bytes)
    {
        var hub = Hubs.Create(new HubLimits());
        var random = new Random(7);
        var cursor = hub.Cursor([.. Enumerable.Range(0, 64).Select(static i => $"c{i}")]);
        var expected = new List<long?>();
        for (var i = 0; i < 1000; i++)
        {
            var channel = random.Next(80);
            var id = hub.Publish($"c{channel}");
            if (channel < 64)
            {
                expected.Add(id.Sequence);
            }
        }

        cursor.Drain(slice, bytes).ShouldBe(expected);
        cursor.Position.ShouldBe(hub.Head);
    }

    [Fact]
    public void An_id_of_another_epoch_gets_a_gap_and_everything_that_is_retained()
    {
        var hub = Hubs.Create(new HubLimits());
        hub.Publish("a");
        hub.Publish("a");
        var cursor = new HubCursor(hub, new WakeSignal(), 64);
        cursor.Open(["a"], "1other.77", hub.Head).GapReason.ShouldBe("epoch");
        cursor.Drain().ShouldBe([1, 2]);
    }

    [Theory]
    [InlineData("1test.3", "future")]
    [InlineData("rubbish", "malformed")]
    [InlineData("1test.-1", "malformed")]
    public void An_id_that_cannot_be_ours_gets_a_gap_and_what_comes_from_now_on(string id, string reason)
    {
        var hub = Hubs.Create(new HubLimits());
        hub.Publish("a");
        var cursor = new HubCursor(hub, new WakeSignal(), 64);
        cursor.Open(["a"], id, hub.Head).GapReason.ShouldBe(reason);
        hub.Publish("a");
        cursor.Drain().ShouldBe([2]);
    }

    [Fact]
    public void Replay_is_bounded_and_what_is_skipped_is_told()
    {
        var hub = Hubs.Create(new HubLimits { ReplayEvents = 10 });
        hub.Publish("b");
        for (var i = 0; i < 30; i++)
        {
            hub.Publish("a");
        }

        var cursor = new HubCursor(hub, new WakeSignal(), 64);
        var start = cursor.Open(["a", "b"], "1test.0", hub.Head);
        start.GapReason.ShouldBe("limit");
        start.Channels.ShouldBe(["a", "b"], ignoreOrder: true);
        cursor.Drain().ShouldBe([.. Enumerable.Range(22, 10).Select(static i => (long?)i)]);
    }

    [Fact]
    public void A_forgotten_channel_never_hides_a_loss()
    {
        var time = new ManualTimeProvider();
        var hub = Hubs.Create(new HubLimits { AgeMilliseconds = 1000, IdleChannels = 2 }, time);
        for (var i = 0; i < 10; i++)
        {
            hub.Publish($"c{i}");
        }

        time.Advance(TimeSpan.FromSeconds(2));
        hub.Trim();
        hub.ChannelCount.ShouldBe(2);
        for (var i = 0; i < 10; i++)
        {
            var cursor = new HubCursor(hub, new WakeSignal(), 64);
            cursor.Open([$"c{i}"], "1test.0", hub.Head).GapReason.ShouldBe("evicted");
            cursor.Close();
        }
    }

    [Fact]
    public void A_channel_with_a_subscriber_is_not_forgotten()
    {
        var hub = Hubs.Create(new HubLimits { IdleChannels = 0 });
        var cursor = hub.Cursor("a");
        hub.ChannelCount.ShouldBe(1);
        hub.Publish("a");
        cursor.Drain().ShouldBe([1]);
        cursor.Close();
        hub.Find("a")!.SubscriberCount.ShouldBe(0);
    }

    [Fact]
    public void A_repeated_publication_is_not_sent_again_and_answers_with_the_first_id()
    {
        var hub = Hubs.Create(new HubLimits { DeduplicationIds = 2 });
        var first = hub.Publish("a", deduplicationId: "m1");
        hub.Publish("a", deduplicationId: "m1").ShouldBe(first);
        hub.Publish("b", deduplicationId: "m1").ShouldNotBe(first);
        hub.Head.ShouldBe(2);
        hub.Publish("a", deduplicationId: "m2");
        hub.Publish("a", deduplicationId: "m1").ShouldNotBe(first, "the bound is two names: the first is forgotten");
    }

    [Fact]
    public void A_channel_that_joins_later_starts_from_now_and_one_that_leaves_stops_at_once()
    {
        var hub = Hubs.Create(new HubLimits());
        var cursor = hub.Cursor("a");
        hub.Publish("b");
        cursor.Subscribe("b").ShouldBeTrue();
        hub.Publish("b");
        hub.Publish("a");
        cursor.Unsubscribe("a").ShouldBeTrue();
        hub.Publish("a");
        cursor.Drain().ShouldBe([2]);
        cursor.Channels.ShouldBe(["b"]);
    }

    [Fact]
    public void A_channel_that_is_taken_away_before_the_stream_opens_is_left_out()
    {
        var hub = Hubs.Create(new HubLimits());
        var cursor = new HubCursor(hub, new WakeSignal(), 64);
        cursor.Unsubscribe("secret").ShouldBeTrue();
        cursor.Open(["secret", "news"], null, hub.Head);
        cursor.Channels.ShouldBe(["news"]);
        hub.Find("secret").ShouldBeNull();
    }

    [Fact]
    public void A_channel_that_was_joined_while_the_handler_decided_is_read_from_the_clients_position()
    {
        var hub = Hubs.Create(new HubLimits());
        var known = hub.Publish("room");
        var missed = hub.Publish("room");
        var cursor = new HubCursor(hub, new WakeSignal(), 64);
        cursor.Subscribe("room").ShouldBeTrue();
        var joined = hub.Publish("room");
        cursor.Open(["room"], known.ToString(), hub.Head).GapReason.ShouldBeNull();
        cursor.Drain().ShouldBe([missed.Sequence, joined.Sequence]);
    }

    [Fact]
    public void A_closed_cursor_leaves_nothing_behind()
    {
        var hub = Hubs.Create(new HubLimits());
        var cursor = hub.Cursor("a", "b");
        cursor.Close();
        cursor.Close();
        cursor.Subscribe("c").ShouldBeFalse();
        hub.Find("a")!.SubscriberCount.ShouldBe(0);
        hub.Find("b")!.SubscriberCount.ShouldBe(0);
        hub.Publish("a");
        cursor.Drain().ShouldBeEmpty();
    }

    [Fact]
    public void More_channels_than_the_limit_are_refused()
    {
        var hub = Hubs.Create(new HubLimits());
        var cursor = new HubCursor(hub, new WakeSignal(), 2);
        Should.Throw<InvalidOperationException>(() => cursor.Open(["a", "b", "c"], null, 0)).Message.ShouldContain("MaxChannelsPerConnection");
    }
}
