using Resilience.TestKit.History;

namespace Resilience.TestKit.Tests.History;

/// <summary>Each rule on its own, on the smallest history that breaks it.</summary>
public sealed class HistoryRuleTests
{
    private readonly List<HistoryEvent> _events = [];

    [Fact]
    public void A_clean_history_has_no_violation()
    {
        Publish(1, 2, 3);
        Open(1, 0);
        Deliver(1, 1, 2);
        Close(1);
        Open(2, 2);
        Deliver(2, 3);
        _events.Add(new HistoryEvent.AtRest(At(3)));

        HistoryChecker.Check(_events).ShouldBeEmpty();
    }

    [Fact]
    public void R1_names_gap_duplicate_reorder_and_mixed_epochs()
    {
        Publish(1, 2, 3);
        Open(1, 0);
        Deliver(1, 2);
        Deliver(1, 2);
        Deliver(1, 1);
        _events.Add(new HistoryEvent.Delivered("s", 1, new StreamPosition("b", 3), 30));

        var faults = HistoryChecker.Check(_events).Where(v => v.Rule == HistoryRule.Contiguity).Select(v => v.Fault);

        faults.ShouldBe([HistoryFault.Gap, HistoryFault.Duplicate, HistoryFault.Reorder, HistoryFault.EpochMixed]);
    }

    [Fact]
    public void R2_a_connection_that_starts_elsewhere_is_reported()
    {
        Publish(1, 2);
        Open(1, 0);
        Deliver(1, 1);
        Open(2, 0);

        Single().ShouldBe((HistoryRule.Continuation, HistoryFault.WrongStart));
    }

    [Fact]
    public void R2_an_item_that_is_processed_twice_over_two_connections_is_reported()
    {
        Publish(1);
        Open(1, 0);
        Deliver(1, 1);
        _events.Add(new HistoryEvent.Processed("s", At(1)));

        Single().ShouldBe((HistoryRule.Continuation, HistoryFault.Duplicate));
    }

    [Fact]
    public void R3_an_item_that_nobody_published_is_reported()
    {
        Publish(1);
        Open(1, 0);
        _events.Add(new HistoryEvent.Delivered("s", 1, At(1), 999));

        Single().ShouldBe((HistoryRule.NoPhantom, HistoryFault.Phantom));
    }

    [Fact]
    public void R3_an_unconfirmed_publication_may_be_delivered()
    {
        _events.Add(new HistoryEvent.PublishInvoked(7, 70));
        Open(1, 0);
        _events.Add(new HistoryEvent.Delivered("s", 1, At(1), 70));

        HistoryChecker.Check(_events).ShouldBeEmpty();
    }

    [Fact]
    public void R3_a_failed_publication_may_not_be_delivered()
    {
        _events.Add(new HistoryEvent.PublishInvoked(7, 70));
        _events.Add(new HistoryEvent.PublishFailed(7));
        Open(1, 0);
        _events.Add(new HistoryEvent.Delivered("s", 1, At(1), 70));

        Single().ShouldBe((HistoryRule.NoPhantom, HistoryFault.Phantom));
    }

    [Fact]
    public void R4_a_lost_tail_is_reported_for_open_sessions_only()
    {
        Publish(1, 2);
        Open(1, 0);
        Deliver(1, 1);
        _events.Add(new HistoryEvent.AtRest(At(2)));
        Single().ShouldBe((HistoryRule.NoLostTail, HistoryFault.LostTail));

        _events.RemoveAt(_events.Count - 1);
        Close(1);
        _events.Add(new HistoryEvent.AtRest(At(2)));
        HistoryChecker.Check(_events).ShouldBeEmpty();
    }

    [Fact]
    public void R5_a_reset_needs_a_trim_an_epoch_or_a_limit()
    {
        Publish(1, 2, 3);
        Open(1, 0);
        _events.Add(new HistoryEvent.Reset("s", 1, At(2), "because"));
        Single().ShouldBe((HistoryRule.HonestReset, HistoryFault.NeedlessReset));

        foreach (var reason in new HistoryEvent[] { new HistoryEvent.Trimmed(At(3)), new HistoryEvent.LimitReached("s") })
        {
            _events.Insert(_events.Count - 1, reason);
            HistoryChecker.Check(_events).ShouldBeEmpty();
            _events.RemoveAt(_events.Count - 2);
        }

        _events[^1] = new HistoryEvent.Reset("s", 1, new StreamPosition("b", 0), "epoch");
        Single().ShouldBe((HistoryRule.HonestReset, HistoryFault.NeedlessReset));
        _events.Insert(_events.Count - 1, new HistoryEvent.EpochChanged("b"));
        HistoryChecker.Check(_events).ShouldBeEmpty();
    }

    [Fact]
    public void R6_a_replaced_connection_may_not_deliver()
    {
        Publish(1);
        Open(1, 0);
        Open(2, 0);
        Deliver(1, 1);

        Single().ShouldBe((HistoryRule.Fencing, HistoryFault.Stale));
    }

    [Fact]
    public void R7_the_log_keeps_the_order_of_confirmed_publications_and_has_no_hole()
    {
        Publish(2, 1);
        HistoryChecker.Check(_events).ShouldContain(v => v.Rule == HistoryRule.LogOrder);

        _events.Clear();
        Publish(1, 3);
        Single().ShouldBe((HistoryRule.LogOrder, HistoryFault.Log));

        _events.Clear();
        Publish(1, 1);
        HistoryChecker.Check(_events).ShouldContain(v => v.Rule == HistoryRule.LogOrder);
    }

    [Fact]
    public void R8_what_was_neither_processed_nor_reset_is_missing_in_the_sum()
    {
        Publish(1, 2, 3);
        Open(1, 0);
        Deliver(1, 1);
        Deliver(1, 3);

        HistoryChecker.Check(_events).ShouldContain(v => v.Rule == HistoryRule.Accounting);
    }

    [Fact]
    public void A_violation_shows_the_history()
    {
        var recorder = new HistoryRecorder();
        recorder.Add(new HistoryEvent.Opened("s", 1, At(0)));
        recorder.Add(new HistoryEvent.Delivered("s", 1, At(5), 1));

        var thrown = Should.Throw<HistoryViolatedException>(recorder.ShouldHold);

        thrown.Message.ShouldContain("R1 Contiguity, Gap at event 1");
        thrown.Message.ShouldContain("Delivered { Session = s");
    }

    private static StreamPosition At(long offset) => new("a", offset);

    private (HistoryRule, HistoryFault) Single()
    {
        var violation = HistoryChecker.Check(_events).ShouldHaveSingleItem();
        return (violation.Rule, violation.Fault);
    }

    private void Publish(params long[] offsets)
    {
        foreach (var offset in offsets)
        {
            var id = _events.Count;
            _events.Add(new HistoryEvent.PublishInvoked(id, offset * 10));
            _events.Add(new HistoryEvent.PublishConfirmed(id, At(offset)));
        }
    }

    private void Open(int generation, long from) => _events.Add(new HistoryEvent.Opened("s", generation, At(from)));

    private void Close(int generation) => _events.Add(new HistoryEvent.Closed("s", generation));

    private void Deliver(int generation, params long[] offsets)
    {
        foreach (var offset in offsets)
        {
            _events.Add(new HistoryEvent.Delivered("s", generation, At(offset), offset * 10));
            _events.Add(new HistoryEvent.Processed("s", At(offset)));
        }
    }
}
