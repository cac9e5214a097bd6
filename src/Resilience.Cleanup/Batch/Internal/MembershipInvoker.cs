using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>
/// The scope's own way to remove a membership: nothing is left to do when a worker removed it with others. A lock that is taken is waited for in the background,
/// never on the thread that closes.
/// </summary>
internal sealed class MembershipInvoker : StepInvoker
{
    public static readonly MembershipInvoker Instance = new();

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    public override bool TryRun(in Step step, ref StepTally tally)
    {
        var membership = (Membership)step.Target!;
        if (!membership.IsDone && !membership.TryRemove(TimeSpan.Zero))
        {
            return false;
        }

        if (membership.Fault is { } fault)
        {
            tally.Fail(step, fault);
        }
        else
        {
            tally.Succeeded++;
        }

        return true;
    }

    public override ValueTask RunAsync(Step step, in StepCall call) => RemoveAsync((Membership)step.Target!, call.Environment);

    private static async ValueTask RemoveAsync(Membership membership, ScopeEnvironment environment)
    {
        // The step may be given up by its scope, but this goes on until the member is removed.
        for (var attempt = 0; !membership.IsDone; attempt++)
        {
            await Task.Delay(Pause, environment.Time).ConfigureAwait(Systematic.KeepContext);
            if (membership.TryRemove(Wait))
            {
                environment.LockFree();
            }
            else
            {
                environment.LockNotTaken(Wait);
            }
        }

        if (membership.Fault is { } fault)
        {
            throw fault;
        }
    }

    private static void TellOfWait(ScopeEnvironment environment)
    {
        environment.Metrics?.LockTimedOut();
        if (environment.LockWaits.Raise() == AlertChange.Raised)
        {
            CleanupLog.LockNotTaken(environment.Logger, 0, 1);
        }
    }
}
