using Microsoft.Extensions.Logging;

namespace Resilience.Sse;

/// <summary>Every event that the package logs.</summary>
internal static partial class SseLog
{
    [LoggerMessage(1000, LogLevel.Information, "Stream {ConnectionId} on {Endpoint} ended after {DurationMs} ms: user {User}, {Messages} messages, {Errors} errors, reason {Reason}.")]
    public static partial void StreamEnded(ILogger logger, Guid connectionId, string endpoint, double durationMs, string? user, long messages, long errors, string reason);

    [LoggerMessage(1001, LogLevel.Information, "{Count} more streams ended within a second: {Reasons}.")]
    public static partial void StreamsEnded(ILogger logger, int count, string reasons);

    [LoggerMessage(1002, LogLevel.Debug, "Stream {ConnectionId} on {Endpoint} opened.")]
    public static partial void StreamOpened(ILogger logger, Guid connectionId, string endpoint);

    [LoggerMessage(1003, LogLevel.Debug, "Connection refused: {Reason}.")]
    public static partial void Rejected(ILogger logger, string reason);

    [LoggerMessage(1004, LogLevel.Warning, "The alert {Alert} is raised at {Value}.")]
    public static partial void AlertRaised(ILogger logger, string alert, double value);

    [LoggerMessage(1005, LogLevel.Information, "The alert {Alert} is cleared at {Value}.")]
    public static partial void AlertCleared(ILogger logger, string alert, double value);

    [LoggerMessage(1006, LogLevel.Warning, "Forwarding headers arrive from a private address and no middleware processes them: every client looks like one address. Add UseForwardedHeaders before the streams.")]
    public static partial void ForwardingHeaders(ILogger logger);

    [LoggerMessage(1007, LogLevel.Information, "Draining {Count} streams for up to {TimeoutMs} ms.")]
    public static partial void Draining(ILogger logger, int count, double timeoutMs);

    [LoggerMessage(1008, LogLevel.Information, "Drained; {Cut} of the streams were cut.")]
    public static partial void Drained(ILogger logger, int cut);

    [LoggerMessage(1009, LogLevel.Warning, "The host's shutdown timeout of {HostMs} ms is not longer than DrainTimeout of {DrainMs} ms: streams may be cut before they have ended.")]
    public static partial void DrainLongerThanHost(ILogger logger, double hostMs, double drainMs);

    [LoggerMessage(1010, LogLevel.Debug, "Sending to stream {ConnectionId} failed, {Failures} in a row.")]
    public static partial void SendFailed(ILogger logger, Exception? exception, Guid connectionId, int failures);

    [LoggerMessage(1011, LogLevel.Warning, "Validating the token of stream {ConnectionId} failed, {Failures} in a row.")]
    public static partial void ValidationFailed(ILogger logger, Exception? exception, Guid connectionId, int failures);

    [LoggerMessage(1012, LogLevel.Warning, "The producer of stream {ConnectionId} on {Endpoint} failed, {Failures} in a row.")]
    public static partial void ProducerFailed(ILogger logger, Exception exception, Guid connectionId, string endpoint, int failures);

    [LoggerMessage(1013, LogLevel.Error, "The stream {ConnectionId} on {Endpoint} ended by an exception.")]
    public static partial void StreamFaulted(ILogger logger, Exception exception, Guid connectionId, string endpoint);

    [LoggerMessage(1014, LogLevel.Error, "An observer of connections failed.")]
    public static partial void ObserverFailed(ILogger logger, Exception exception);

    [LoggerMessage(1015, LogLevel.Error, "A round of the wheel failed; the next one runs as usual.")]
    public static partial void TickFailed(ILogger logger, Exception exception);

    [LoggerMessage(1016, LogLevel.Debug, "Socket options could not be set; half-open and stalled peers are found by the stalled write alone.")]
    public static partial void SocketOptionsFailed(ILogger logger, Exception exception);

    [LoggerMessage(1017, LogLevel.Warning, "A step of ending stream {ConnectionId} failed or hung: {Failed} of {Steps} steps.")]
    public static partial void CleanupIncomplete(ILogger logger, Guid connectionId, int failed, int steps);

    [LoggerMessage(1018, LogLevel.Error, "A callback of the application for alerts failed.")]
    public static partial void AlertCallbackFailed(ILogger logger, Exception exception);
}
