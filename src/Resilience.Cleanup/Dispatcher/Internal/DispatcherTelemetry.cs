using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>
/// What a dispatcher tells: metrics, logs once per state change, alerts. Never throws, because a listener's fault must not lose a scope. Thread-safe.
/// </summary>
internal sealed class DispatcherTelemetry(CleanupDispatcherOptions options, CleanupMetrics? metrics, ILogger logger)
{
    private readonly Alert _breaker = new("breaker", 1, 1);
    private readonly Alert _backlog = new("backlog", options.BacklogAge.TotalSeconds, options.BacklogAge.TotalSeconds / 2);
    private readonly Alert _stuck = new("stuck_worker", 1, 1);
    private readonly Alert _lock = new("lock", 1, 1);

    public bool HasMetrics => metrics is not null;

    /// <summary>What is wrong at this moment.</summary>
    public IEnumerable<string> Troubles()
    {
        if (_breaker.IsActive)
        {
            yield return "the breaker is open, cleanup runs on its callers";
        }

        if (_backlog.IsActive)
        {
            yield return $"the oldest scope has waited longer than {options.BacklogAge}";
        }

        if (_stuck.IsActive)
        {
            yield return "a step blocks a worker";
        }
    }

    public void Posted(CleanupDispatch dispatch, bool low)
    {
        try
        {
            metrics?.Posted(dispatch, low);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A listener's fault.
        }
    }

    public void Closed(TimeSpan latency)
    {
        try
        {
            metrics?.PostClosed(latency);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A listener's fault.
        }
    }

    public void BatchDone(int count)
    {
        try
        {
            metrics?.BatchDone(count);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A listener's fault.
        }
    }

    public void LockHeld(TimeSpan time)
    {
        if (_lock.IsActive)
        {
            _lock.Clear();
        }

        try
        {
            metrics?.LockHeld(time);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A listener's fault.
        }
    }

    public void LockTimedOut(TimeSpan waited, int members) => Telling.Guard(() =>
    {
        metrics?.LockTimedOut();
        if (_lock.Raise() == AlertChange.Raised)
        {
            CleanupLog.LockNotTaken(logger, waited.TotalMilliseconds, members);
        }
    });

    public void BreakerOpened(string why, TimeSpan oldest) => Telling.Guard(() =>
    {
        if (_breaker.Raise() == AlertChange.Raised)
        {
            CleanupLog.BreakerOpened(logger, why, oldest.TotalSeconds);
            Tell(_breaker, $"Cleanup runs on its callers: {why}.");
        }
    });

    public void BreakerClosed() => Telling.Guard(() =>
    {
        if (_breaker.Clear() == AlertChange.Cleared)
        {
            CleanupLog.BreakerClosed(logger);
            Tell(_breaker, "The queue is used again.");
        }
    });

    /// <summary>True while the oldest scope has waited too long.</summary>
    public bool Backlog(TimeSpan age)
    {
        Telling.Guard(() =>
        {
            switch (_backlog.Update(age.TotalSeconds))
            {
                case AlertChange.Raised:
                    CleanupLog.Backlogged(logger, age.TotalSeconds);
                    Tell(_backlog, $"The oldest scope has waited {age}.");
                    break;
                case AlertChange.Cleared:
                    CleanupLog.BacklogCleared(logger);
                    Tell(_backlog, "Scopes are closed in time again.");
                    break;
            }
        });
        return age >= options.BacklogAge;
    }

    public void WorkerStuck(TimeSpan after) => Telling.Guard(() =>
    {
        metrics?.WorkerReplaced();
        CleanupLog.WorkerStuck(logger, after.TotalSeconds);
        if (_stuck.Raise() == AlertChange.Raised)
        {
            Tell(_stuck, $"A step has blocked a worker for {after}.");
        }
    });

    public void StuckCleared() => Telling.Guard(() =>
    {
        if (_stuck.Clear() == AlertChange.Cleared)
        {
            CleanupLog.StuckCleared(logger);
            Tell(_stuck, "No worker is blocked any more.");
        }
    });

    public void WorkerCrashed(Exception fault, int generation) => Telling.Guard(() =>
    {
        metrics?.WorkerRestarted();
        CleanupLog.WorkerCrashed(logger, generation, fault);
    });

    public void DrainTimedOut(int left, TimeSpan after) => Telling.Guard(() => CleanupLog.DrainTimedOut(logger, left, after.TotalSeconds));

    private void Tell(Alert alert, string description)
    {
        metrics?.AlertChanged(alert.Name, alert.IsActive);
        try
        {
            options.OnAlert?.Invoke(new CleanupAlert(alert.Name, alert.IsActive, description));
        }
        catch (Exception exception)
        {
            CleanupLog.AlertCallbackFailed(logger, alert.Name, exception);
        }
    }
}
