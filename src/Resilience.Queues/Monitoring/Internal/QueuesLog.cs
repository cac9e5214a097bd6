using Microsoft.Extensions.Logging;

namespace Resilience.Queues;

/// <summary>Every log event of the package: ids 2000 to 2499.</summary>
internal static partial class QueuesLog
{
    [LoggerMessage(2000, LogLevel.Warning, "Alert {Alert} of {Source} was raised at {Value}.")]
    public static partial void AlertRaised(ILogger logger, string source, string alert, double value);

    [LoggerMessage(2001, LogLevel.Information, "Alert {Alert} of {Source} cleared at {Value}.")]
    public static partial void AlertCleared(ILogger logger, string source, string alert, double value);

    [LoggerMessage(2002, LogLevel.Error, "The callback for alert {Alert} of {Source} failed.")]
    public static partial void AlertCallbackFailed(ILogger logger, Exception error, string source, string alert);

    [LoggerMessage(2003, LogLevel.Error, "The store of queue {Queue} cannot be reached; background work goes on trying.")]
    public static partial void StoreFailed(ILogger logger, Exception error, string queue);

    [LoggerMessage(2004, LogLevel.Information, "Cleanup of queue {Queue} moved {Removed} expired messages to the dead letters in {Batches} batches; {Remaining} remain.")]
    public static partial void CleanedUp(ILogger logger, string queue, long removed, int batches, long remaining);

    [LoggerMessage(2005, LogLevel.Error, "Cleanup of queue {Queue} failed; it runs again at its interval.")]
    public static partial void CleanupFailed(ILogger logger, Exception error, string queue);

    [LoggerMessage(2010, LogLevel.Debug, "A handler of queue {Queue} failed on try {Attempt}; the message is tried again.")]
    public static partial void HandlerFailed(ILogger logger, Exception error, string queue, int attempt);

    [LoggerMessage(2011, LogLevel.Error, "A message of queue {Queue} failed for good on try {Attempt} ({Reason}); it is a dead letter.")]
    public static partial void MessageDied(ILogger logger, Exception? error, string queue, int attempt, string reason);

    [LoggerMessage(2012, LogLevel.Warning, "A handler of queue {Queue} lost its lease; the message may be handled again.")]
    public static partial void LeaseLost(ILogger logger, string queue);

    [LoggerMessage(2013, LogLevel.Information, "The worker of queue {Queue} stopped; {Released} unfinished messages were given back.")]
    public static partial void WorkerStopped(ILogger logger, string queue, int released);

    [LoggerMessage(2014, LogLevel.Warning, "A settlement of queue {Queue} could not be delivered before its lease ended; the message is handled again.")]
    public static partial void SettlementLost(ILogger logger, string queue);

    [LoggerMessage(2020, LogLevel.Error, "Stream {Stream} was at its hard cap: {Lost} entries that a consumer group had not read and acknowledged were removed; {Length} are left.")]
    public static partial void UnreadLost(ILogger logger, string stream, long lost, long length);

    [LoggerMessage(2021, LogLevel.Error, "Trimming failed; it is tried again with the next trigger.")]
    public static partial void TrimFailed(ILogger logger, Exception error);

    [LoggerMessage(2022, LogLevel.Warning, "Appends to stream {Stream} are reported, which is not registered; register it with AddStream. Others like it are not warned about.")]
    public static partial void UnknownStream(ILogger logger, string stream);

    [LoggerMessage(2023, LogLevel.Warning, "The key {Stream} holds no stream and is not trimmed.")]
    public static partial void NoStream(ILogger logger, string stream);
}
