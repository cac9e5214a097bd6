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
            var pause = Backoff.After(attempt, FirstPause, LongestPause);
            await Task.Delay(pause, environment.Time).ConfigureAwait(Systematic.KeepContext);
            if (membership.TryRemove(TimeSpan.Zero))
            {
                environment.LockFree();
            }
            else
            {
                Telling.Guard(() => environment.LockNotTaken(pause));
            }
        }

        if (membership.Fault is { } fault)
        {
            throw fault;
        }
    }
}
