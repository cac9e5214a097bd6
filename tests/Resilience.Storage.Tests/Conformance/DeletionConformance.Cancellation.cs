using Resilience.TestKit;

namespace Resilience.Storage.Tests.Conformance;

/// <content>The caller's token, at every step.</content>
public abstract partial class DeletionConformance
{
    [Fact]
    public async Task Cancelling_at_any_step_leaves_both_or_neither_and_the_caller_is_told_which()
    {
        await Harness.Start().DeleteAsync("create the tables");
        int step = 0, cancelled = 0, carriedOn = 0;
        while (await CancelAtAsync(step) is { } gone)
        {
            step++;
            carriedOn += gone ? 1 : 0;
            cancelled += gone ? 0 : 1;
        }

        step.ShouldBeGreaterThan(15);
        cancelled.ShouldBeGreaterThan(3, "no step lay before the commit: nothing was tested");
        carriedOn.ShouldBeGreaterThan(3, "no step lay after the commit: nothing was tested");
    }

    /// <summary>Whether the deletion went on; null when it ended before the step.</summary>
    private async Task<bool?> CancelAtAsync(int step)
    {
        var key = $"c{step}";
        await Harness.AddAsync(key);
        var script = new FaultScript().OnCall(step, FaultKind.HangAfter);
        var app = Harness.Start(files: script, database: script);
        using var token = new CancellationTokenSource();
        var deletion = app.DeleteAsync(key, cancellationToken: token.Token);
        await Watchdog.UntilAsync(() => deletion.IsCompleted || script.Calls.Count > step);
        var reached = script.Calls.Count > step;

        // The step's effect has happened, and its answer comes only after the cancellation.
        await token.CancelAsync();
        await Watchdog.UntilAsync(() => script.Release() >= 0 && deletion.IsCompleted);
        DeletionStatus? status = null;
        try
        {
            status = (await deletion).Status;
        }
        catch (OperationCanceledException)
        {
            // The caller is told that nothing happened.
        }

        await Harness.RecordsHaveFilesAsync();
        if (status is null)
        {
            (await Harness.VisibleAsync()).ShouldContain(key);
            (await Harness.JournalAsync()).ShouldBeEmpty();
        }

        var ended = app.DisposeAsync().AsTask();
        await Watchdog.UntilAsync(() => script.Release() >= 0 && ended.IsCompleted);
        await ended;
        Harness.Time.ShiftWallClock(BeyondLease);
        await using var other = Harness.Start();
        await other.Deletions.RecoverAsync();
        await Harness.NothingIsLeftAsync();
        Harness.FileExists(key).ShouldBe(status is null);
        if (status is null)
        {
            (await other.DeleteAsync(key)).Status.ShouldBe(DeletionStatus.Succeeded);
        }
        else
        {
            status.Value.ShouldBeOneOf(DeletionStatus.Accepted, DeletionStatus.Succeeded);
        }

        return reached ? status is not null : null;
    }
}
