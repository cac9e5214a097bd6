namespace Resilience.Sse.Tests.Stress;

/// <summary>What ten thousand connections that ended in every way leave behind: nothing.</summary>
[Collection(nameof(Alone))]
public sealed class TenThousandTests(TenThousand run) : IClassFixture<TenThousand>
{
    [Fact]
    public void Ten_thousand_connections_end_in_every_way_each_with_its_reason()
    {
        run.Ended.Values.Sum().ShouldBe(TenThousand.Total);
        run.Ended.ShouldAllBe(static e => e.Value > 800);
        run.Requests.ShouldBeGreaterThanOrEqualTo(TenThousand.Total - run.Ended[EndWay.ResetUnread]);
        var statistics = run.Node.Statistics();
        statistics.Closed["timeout"].ShouldBe(run.Ended[EndWay.Timeout]);
        statistics.Closed["token_expired"].ShouldBe(run.Ended[EndWay.TokenExpiry]);
        statistics.Closed["producer_failed"].ShouldBe(run.Ended[EndWay.ProducerThrows]);
        statistics.Closed["requested"].ShouldBe(run.Ended[EndWay.Kicked]);
        statistics.Closed["shutdown"].ShouldBe(run.Ended[EndWay.Shutdown]);
        statistics.Closed["client_closed"].ShouldBeInRange(ByClient(), ByClient() + run.Ended[EndWay.ResetUnread]);
        statistics.Errors["handler"].ShouldBe(run.Ended[EndWay.HandlerThrows]);
        statistics.Errors["producer"].ShouldBe(3 * run.Ended[EndWay.ProducerThrows]);
        statistics.Rejected["key"].ShouldBe(run.Ended[EndWay.Limit]);
        statistics.Rejected["handler"].ShouldBe(run.Ended[EndWay.Refusal]);

        int ByClient() => run.Ended[EndWay.Close] + run.Ended[EndWay.Reset] + run.Ended[EndWay.HalfClose];
    }

    [Fact]
    public void I1_After_ten_thousand_connections_every_gauge_is_zero_and_every_slot_is_free()
    {
        var statistics = run.Node.Statistics();
        statistics.Closed.Values.Sum().ShouldBe(statistics.Opened);
        run.ActiveGauge.ShouldBe(0);
        run.Node.ConnectionCount.ShouldBe(0);
        run.Node.Limiter.Count.ShouldBe(0);
        run.Node.Limiter.Keys.ShouldBe(0);
        run.Node.Wheel.Count.ShouldBe(0);
        run.Node.Hub.Find("news")!.SubscriberCount.ShouldBe(0);
        run.ObserverBalance.ShouldBe(0);
        run.LiveProducers.ShouldBe(0);
    }

    [Fact]
    public void After_ten_thousand_connections_no_registration_and_no_timer_is_left()
    {
        run.Referenced.ShouldBe(0, "a registration on the token of an abort that is left keeps its connection");
        run.Timers.After.ShouldBe(run.Timers.Before);
    }

    [Fact]
    public void I15_After_ten_thousand_connections_nobody_has_touched_a_request_whose_handler_had_returned() => run.Touched.ShouldBeEmpty();

    [Fact]
    public void No_scoped_service_of_ten_thousand_handlers_was_alive_while_the_streams_ran()
    {
        run.ScopedMade.ShouldBeGreaterThan(TenThousand.Total / 2);
        run.ScopedWhileStreaming.ShouldBe(0);
    }

    [Fact]
    public void After_ten_thousand_connections_the_memory_is_back() =>
        run.Growth.ShouldBeLessThan(TenThousand.Tolerated, "each of eight thousand connections takes some kilobytes while it is open");
}
