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

    [LoggerMessage(5002, LogLevel.Warning, "The step {Step} was registered after its scope had closed, ran at once, and failed.")]
    public static partial void LateStepFailed(ILogger logger, string step, Exception exception);

    [LoggerMessage(5003, LogLevel.Debug, "The step {Step} ended after it had been given up.")]
    public static partial void AbandonedStepEnded(ILogger logger, string step, Exception? exception);

    [LoggerMessage(5000, LogLevel.Warning, "{Failed} failed and {TimedOut} given up of {Steps} steps of a scope ({Reason}): {Names}.")]
    private static partial void ScopeFailed(ILogger logger, Exception? exception, int failed, int timedOut, int steps, string names, CleanupReason reason);
}
