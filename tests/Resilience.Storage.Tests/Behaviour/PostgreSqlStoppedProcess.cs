using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Behaviour;

/// <summary>
/// A process stops at each step of the protocol, with whatever locks it holds there; meanwhile another deletes and recovers, its lease long over; then the first
/// goes on as if nothing had been. On PostgreSQL, because a stopped process holds nobody else up there.
/// </summary>
public sealed class PostgreSqlStoppedProcess
{
    private static readonly TimeSpan BeyondLease = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData(RecordMode.PendingColumn, false)]
    [InlineData(RecordMode.PendingColumn, true)]
    [InlineData(RecordMode.Snapshot, false)]
    [InlineData(RecordMode.Snapshot, true)]
    public async Task A_process_that_stops_at_any_step_while_another_goes_on_never_parts_record_and_file(RecordMode mode, bool othersUnlinkFails)
    {
        await using var harness = await StorageHarness.CreateAsync(await PostgreSqlTestDatabase.CreateAsync(), mode);
        await harness.Start().DeleteAsync("create the tables");
        int step = 0, taken = 0, restored = 0;
        while (await StopAtAsync(harness, step, othersUnlinkFails) is { } report)
        {
            step++;
            taken += report.Claimed;
            restored += report.Restored;
        }

        step.ShouldBeGreaterThan(15);
        taken.ShouldBeGreaterThan(1, "the other one never took a deletion over: nothing was tested");
        (othersUnlinkFails ? restored : taken - restored).ShouldBeGreaterThan(1);
    }

    /// <summary>What the other one did; null when the deletion ended before the step.</summary>
    private static async Task<RecoveryReport?> StopAtAsync(StorageHarness harness, int step, bool othersUnlinkFails)
    {
        var key = $"s{step}";
        await harness.AddAsync(key);
        var script = new FaultScript();
        var stopped = harness.Start(Impatient, files: script, database: script);

        // It has started: the steps counted are those of the deletion.
        await stopped.DeleteAsync("start");
        var last = script.Calls.Count + step;
        script.OnCall(last, FaultKind.HangAfter);
        var deletion = Task.Run(() => stopped.DeleteAsync(key));
        await Watchdog.UntilAsync(() => deletion.IsCompleted || script.Calls.Count > last);
        var reached = script.Calls.Count > last;

        var files = new FaultScript();
        if (othersUnlinkFails)
        {
            files.On("unlink").FailBefore(100);
        }

        RecoveryReport report;
        await using (var other = harness.Start(Impatient, files: files))
        {
            harness.Time.ShiftWallClock(BeyondLease);
            report = await other.Deletions.RecoverAsync().Within();
            await harness.RecordsHaveFilesAsync();
            await other.DeleteAsync(key).Within();
            await harness.RecordsHaveFilesAsync();
        }

        await Watchdog.UntilAsync(() => script.Release() >= 0 && deletion.IsCompleted);
        await harness.RecordsHaveFilesAsync();
        await deletion;
        await stopped.DisposeAsync();
        harness.Time.ShiftWallClock(BeyondLease);
        await using (var healthy = harness.Start())
        {
            await healthy.Deletions.RecoverAsync().Within();
            await harness.NothingIsLeftAsync();
            (await healthy.DeleteAsync(key)).Status.ShouldBeOneOf(DeletionStatus.Succeeded, DeletionStatus.AlreadyDeleted);
            await harness.NothingIsLeftAsync();
        }

        return reached ? report : null;
    }

    private static void Impatient(FileDeletionOptions options) => (options.MaxRetries, options.LockTimeout) = (0, TimeSpan.FromMilliseconds(100));
}
