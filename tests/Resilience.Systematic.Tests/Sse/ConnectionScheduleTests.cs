using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Sse;

/// <summary>Connections, their end, the pump and the drain under the schedule explorer.</summary>
public sealed class ConnectionScheduleTests(ITestOutputHelper output)
{
    private static readonly ScheduleExplorer Explorer = new() { Schedules = 1_000 };

    [Fact]
    public void A_connection_that_everybody_ends_at_once_ends_once_with_one_reason_and_frees_once_in_every_schedule() =>
        Verify(static s => ConnectionModel.EndAsync(s, ConnectionFault.None));

    [Fact]
    public void Nothing_published_after_a_ban_returned_is_written_and_all_else_comes_in_every_schedule() =>
        Verify(static s => ConnectionModel.BanAsync(s, ConnectionFault.None));

    [Fact]
    public void A_slot_is_never_taken_twice_and_is_released_exactly_once_in_every_schedule() =>
        Verify(static s => ConnectionModel.SlotAsync(s, ConnectionFault.None));

    [Fact]
    public void A_drain_tells_everybody_and_ends_when_the_last_has_gone_in_every_schedule() =>
        Verify(static s => ConnectionModel.DrainAsync(s, ConnectionFault.None));

    [Fact]
    public void A_flush_that_fails_is_tried_again_with_the_next_turn_of_the_wheel_in_every_schedule() => Verify(ConnectionModel.RetryAsync);

    [Fact]
    public void A_flush_that_stalls_after_another_has_its_own_periods_and_no_more_in_every_schedule() => Verify(ConnectionModel.StallAgainAsync);

    [Fact]
    public void A_flush_that_ends_while_it_is_counted_as_a_stall_costs_no_heartbeat_in_any_schedule() => Verify(ConnectionModel.StallEndsAsync);

    [Fact]
    public void A_heartbeat_tells_no_position_from_before_it_was_due_and_none_is_lost_in_any_schedule() => Verify(ConnectionModel.HeartbeatAsync);

    [Fact]
    public void No_wake_up_of_the_pump_is_lost_in_any_schedule() => Verify(static s => PumpModel.RunAsync(s, PumpFault.None));

    [Fact]
    public void The_copy_of_the_pump_without_a_fault_passes() => Verify(static s => PumpModel.RunAsync(s, PumpFault.Copy));

    [Fact]
    public void The_copy_of_a_stream_that_rests_without_a_fault_passes() => Verify(static s => RestModel.RunAsync(s, RestFault.None));

    [Theory]
    [InlineData(ConnectionFault.UnsubscribesLate)]
    [InlineData(ConnectionFault.ReleasesTwice)]
    [InlineData(ConnectionFault.WritesLastWordsItself)]
    [InlineData(ConnectionFault.LooksOnceForTheDrain)]
    [InlineData(ConnectionFault.CountsAfterTheLook)]
    [InlineData(ConnectionFault.LooksBeforeItCanBeTold)]
    public void A_fault_that_is_planted_around_a_connection_is_caught(ConnectionFault fault) => Catch(s => fault switch
    {
        ConnectionFault.UnsubscribesLate => ConnectionModel.BanAsync(s, fault),
        ConnectionFault.CountsAfterTheLook => ConnectionModel.SlotAsync(s, fault),
        ConnectionFault.LooksOnceForTheDrain or ConnectionFault.LooksBeforeItCanBeTold => ConnectionModel.DrainAsync(s, fault),
        _ => ConnectionModel.EndAsync(s, fault),
    });

    [Theory]
    [InlineData(PumpFault.WalksFromTheFront)]
    [InlineData(PumpFault.ClearsTheFlagLate)]
    public void A_fault_that_is_planted_into_the_pump_is_caught(PumpFault fault) => Catch(s => PumpModel.RunAsync(s, fault));

    [Theory]
    [InlineData(RestFault.ServesWithoutReleasing)]
    [InlineData(RestFault.ParksOverAWakeUp)]
    [InlineData(RestFault.ForgetsToPark)]
    [InlineData(RestFault.PassesOverTheClose)]
    public void A_fault_that_is_planted_into_a_stream_that_rests_is_caught(RestFault fault) => Catch(s => RestModel.RunAsync(s, fault));

    private void Catch(Func<Schedule, Task> test)
    {
        // The first that fails ends the search; the bound is far.
        var explorer = new ScheduleExplorer { Schedules = 20_000 };
        var failure = explorer.Explore(ScheduleStrategy.Uniform, test).First ?? explorer.Explore(ScheduleStrategy.Pct, test).First;
        failure.ShouldNotBeNull();
        output.WriteLine(failure.Message);
    }

    private void Verify(Func<Schedule, Task> test)
    {
        foreach (var exploration in Explorer.Verify(test))
        {
            output.WriteLine(exploration.ToString());
        }
    }
}
