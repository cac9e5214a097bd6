using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Queues;

/// <summary>The delayed queue in memory under the schedule explorer: waiters, leases, the timer, cleanup and the close.</summary>
public sealed class QueueScheduleTests(ITestOutputHelper output)
{
    private static readonly ScheduleExplorer Explorer = new() { Schedules = 6_000 };
    private static readonly ScheduleExplorer Eager = new() { Schedules = 6_000, EagerTimers = true };

    [Fact]
    public void Each_message_is_delivered_once_when_it_is_due_and_no_wake_up_is_lost() => Verify(Explorer, QueueScenarios.WaitersAsync);

    [Fact]
    public void Of_those_who_held_a_lease_exactly_one_settles_it() => Verify(Eager, QueueScenarios.LeasesAsync);

    [Fact]
    public void Producers_that_wait_for_space_all_get_it_in_their_order_and_the_bound_holds() => Verify(Explorer, QueueScenarios.SpaceAsync);

    [Fact]
    public void A_claim_that_is_cancelled_takes_no_message_with_it() => Verify(Explorer, QueueScenarios.CancelledClaimsAsync);

    [Fact]
    public void Of_claim_cancel_and_cleanup_exactly_one_gets_an_expired_message() => Verify(Explorer, QueueScenarios.ExpiryAsync);

    [Fact]
    public void A_process_never_holds_two_suspects_and_every_suspect_gets_its_turn() => Verify(Explorer, QueueScenarios.SuspectsAsync);

    [Fact]
    public void A_close_ends_every_wait() => Verify(Explorer, QueueScenarios.CloseAsync);

    [Theory]
    [InlineData(QueueFault.NoWorkSignal)]
    [InlineData(QueueFault.NoSpaceSignal)]
    [InlineData(QueueFault.StaleCounts)]
    [InlineData(QueueFault.LateNextDue)]
    [InlineData(QueueFault.CheckThenAdd)]
    internal void A_planted_fault_of_the_queue_is_caught(QueueFault fault)
    {
        Func<Schedule, QueueFault, Task> scenario = fault switch
        {
            QueueFault.NoSpaceSignal or QueueFault.CheckThenAdd => QueueScenarios.SpaceAsync,
            QueueFault.StaleCounts => QueueScenarios.LeasesAsync,
            _ => QueueScenarios.WaitersAsync,
        };
        var explorer = fault == QueueFault.StaleCounts ? Eager : Explorer;

        var failure = explorer.Explore(ScheduleStrategy.Uniform, schedule => scenario(schedule, fault)).First;

        failure.ShouldNotBeNull();
        output.WriteLine(failure.Message);
    }

    private void Verify(ScheduleExplorer explorer, Func<Schedule, QueueFault, Task> scenario)
    {
        foreach (var exploration in explorer.Verify(schedule => scenario(schedule, QueueFault.None)))
        {
            exploration.Distinct.ShouldBeGreaterThan(50);
            output.WriteLine(exploration.ToString());
        }
    }
}
