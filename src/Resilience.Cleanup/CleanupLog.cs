using Microsoft.Extensions.Logging;

namespace Resilience.Cleanup;

/// <summary>The package's log events: 5000 to 5019 scopes, 5020 to 5059 dispatcher, 5060 to 5079 lanes.</summary>
internal static partial class CleanupLog
{
    public static void ScopeFailed(ILogger logger, in CleanupReport report)
    {
        if (logger.IsEnabled(LogLevel.Warning))
        {
            var names = string.Join(", ", report.Failures.Select(static f => f.TimedOut ? $"{f.Step} (given up)" : f.Step));
            ScopeFailed(logger, report.ToException(), report.Failed, report.TimedOut, report.Steps, names, report.Reason);
        }
    }

    [LoggerMessage(5001, LogLevel.Warning, "A scope took {ElapsedMilliseconds:0} ms to close ({Steps} steps, {Reason}).")]
    public static partial void ScopeSlow(ILogger logger, double elapsedMilliseconds, int steps, CleanupReason reason);

    [LoggerMessage(5002, LogLevel.Warning, "The step {Step} ended after its scope had closed, and failed.")]
    public static partial void LateStepFailed(ILogger logger, string step, Exception exception);

    [LoggerMessage(5003, LogLevel.Debug, "The step {Step} ended after it had been given up.")]
    public static partial void AbandonedStepEnded(ILogger logger, string step, Exception? exception);

    [LoggerMessage(5000, LogLevel.Warning, "{Failed} failed and {TimedOut} given up of {Steps} steps of a scope ({Reason}): {Names}.")]
    private static partial void ScopeFailed(ILogger logger, Exception? exception, int failed, int timedOut, int steps, string names, CleanupReason reason);

    [LoggerMessage(5020, LogLevel.Warning, "The breaker opened, cleanup runs on its callers: {Why}; the oldest scope has waited {OldestSeconds:0.0} s.")]
    public static partial void BreakerOpened(ILogger logger, string why, double oldestSeconds);

    [LoggerMessage(5021, LogLevel.Information, "The breaker closed, the cleanup queue is used again.")]
    public static partial void BreakerClosed(ILogger logger);

    [LoggerMessage(5022, LogLevel.Warning, "The oldest scope has waited {AgeSeconds:0.0} s for a cleanup worker.")]
    public static partial void Backlogged(ILogger logger, double ageSeconds);

    [LoggerMessage(5023, LogLevel.Information, "Scopes are closed in time again.")]
    public static partial void BacklogCleared(ILogger logger);

    [LoggerMessage(5024, LogLevel.Error, "A cleanup worker crashed and is started again (crash {Number} in a row); what it had claimed was given to the others.")]
    public static partial void WorkerCrashed(ILogger logger, int number, Exception exception);

    [LoggerMessage(5025, LogLevel.Error, "A step has blocked a cleanup worker for {Seconds:0.0} s; the worker was replaced. Find the step that blocks its thread.")]
    public static partial void WorkerStuck(ILogger logger, double seconds);

    [LoggerMessage(5026, LogLevel.Information, "No cleanup worker is blocked any more.")]
    public static partial void StuckCleared(ILogger logger);

    [LoggerMessage(5027, LogLevel.Warning, "The lock of a key was not free within {Milliseconds:0} ms; the removal of {Members} members is tried again.")]
    public static partial void LockNotTaken(ILogger logger, double milliseconds, int members);

    [LoggerMessage(5028, LogLevel.Warning, "{Left} scopes were left after the drain timeout of {Seconds:0.0} s and were closed on the thread that ends the host.")]
    public static partial void DrainTimedOut(ILogger logger, int left, double seconds);

    [LoggerMessage(5029, LogLevel.Warning, "The callback for the alert {Alert} threw.")]
    public static partial void AlertCallbackFailed(ILogger logger, string alert, Exception exception);

    [LoggerMessage(5060, LogLevel.Debug, "The lane {Lane} will try {Items} items again in {DelaySeconds:0.0} s (attempt {Attempt} failed).")]
    public static partial void LaneRetry(ILogger logger, string lane, int items, double delaySeconds, int attempt, Exception exception);

    [LoggerMessage(5061, LogLevel.Error, "The lane {Lane} gave an item up after {Attempts} attempts.")]
    public static partial void LaneItemFailed(ILogger logger, string lane, int attempts, Exception exception);

    [LoggerMessage(5062, LogLevel.Warning, "The lane {Lane} is full ({Capacity} keys) and refuses new ones.")]
    public static partial void LaneFull(ILogger logger, string lane, int capacity);

    [LoggerMessage(5063, LogLevel.Information, "The lane {Lane} takes new keys again.")]
    public static partial void LaneFullCleared(ILogger logger, string lane);

    [LoggerMessage(5064, LogLevel.Error, "The lane {Lane} still had {Items} items when the process ended.")]
    public static partial void LaneNotDrained(ILogger logger, string lane, int items);

    [LoggerMessage(5065, LogLevel.Information, "The lane {Lane} works again.")]
    public static partial void LaneRecovered(ILogger logger, string lane);

    [LoggerMessage(5066, LogLevel.Error, "Two items of the lane {Lane} could not be merged; the later one stands.")]
    public static partial void LaneMergeFailed(ILogger logger, string lane, Exception exception);
}
