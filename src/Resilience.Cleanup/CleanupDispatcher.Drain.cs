using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>The end of a dispatcher.</summary>
public sealed partial class CleanupDispatcher
{
    private readonly Lock _drainLock = new();
    private Task? _drain;

    internal Task DrainAsync()
    {
        lock (_drainLock)
        {
            return _drain ??= Systematic.Start(DrainCoreAsync);
        }
    }

    private async Task DrainCoreAsync()
    {
        var ended = Queue.Stop();
        Systematic.Interleave("dispatcher: stopped");
        var depth = Queue.Depth;
        if (depth.Normal + depth.Low > 0)
        {
            // Whoever is blocked does not take part, and if nobody ever started there is nobody.
            EnsureStarted();
        }

        if (Options.DrainTimeout > TimeSpan.Zero)
        {
            using var timer = Time.CreateTimer(
                static state => ((TaskCompletionSource)state!).TrySetResult(), ended, Options.DrainTimeout, Timeout.InfiniteTimeSpan);
            await ended.Task.ConfigureAwait(Systematic.KeepContext);
        }

        Systematic.Interleave("dispatcher: drained or out of time");
        _supervisor.Stop();
        var left = RunWhatIsLeft();
        if (left > 0)
        {
            _telemetry.DrainTimedOut(left, Options.DrainTimeout);
        }
    }

    private int RunWhatIsLeft()
    {
        var left = 0;
        var slot = new ClaimSlot(Options.BatchSize);
        for (int count; (count = Queue.Take(slot)) > 0; left += count)
        {
            for (var i = 0; i < count; i++)
            {
                if (slot.Take(i) is { } entry)
                {
                    Run(entry, counted: true);
                }
            }
        }

        return left;
    }
}
