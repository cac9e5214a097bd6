using Microsoft.Extensions.Logging;

namespace Resilience.Data;

/// <summary>Every event of the package: ids 4000 to 4499, never reused. No parameter value, key or text with literals is ever logged.</summary>
internal static partial class DataLog
{
    [LoggerMessage(4000, LogLevel.Error, "The connection broke while a guarded transaction was committing; the change may or may not stand, and it is not run again.")]
    public static partial void CommitUnknown(ILogger logger, Exception? exception);

    [LoggerMessage(4001, LogLevel.Error, "A callback after a commit failed; the change stands.")]
    public static partial void CommittedCallbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(4010, LogLevel.Warning, "Queries are degraded: {SlowPercent:0.#} % of {Samples} commands in the last window took longer than {Threshold}.")]
    public static partial void QueriesDegraded(ILogger logger, double slowPercent, long samples, TimeSpan threshold);

    [LoggerMessage(4011, LogLevel.Information, "Queries are back to normal.")]
    public static partial void QueriesRecovered(ILogger logger);

    [LoggerMessage(4012, LogLevel.Debug, "A command took {Milliseconds} ms: {Statement}")]
    public static partial void SlowQuery(ILogger logger, double milliseconds, string statement);

    [LoggerMessage(4013, LogLevel.Warning, "The scope {Scope} shows {Kind} ({Count} times): {Statement}")]
    public static partial void Finding(ILogger logger, string scope, QueryFindingKind kind, int count, string statement);

    [LoggerMessage(4014, LogLevel.Error, "The query monitor failed inside itself; commands are not affected.")]
    public static partial void MonitorFailed(ILogger logger, Exception exception);

    [LoggerMessage(4015, LogLevel.Error, "A callback for an alert failed.")]
    public static partial void AlertCallbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(4020, LogLevel.Warning, "The batch loader {Loader} is awaited one key after the other, so its batches have one key each; start the loads together or use LoadManyAsync.")]
    public static partial void SequentialLoads(ILogger logger, string loader);

    [LoggerMessage(4030, LogLevel.Warning, "The shared level of the cache does not answer; the cache goes on with the local level and the database, and {Pending} invalidations wait.")]
    public static partial void SharedStoreDown(ILogger logger, int pending, Exception? exception);

    [LoggerMessage(4031, LogLevel.Information, "The shared level of the cache answers again.")]
    public static partial void SharedStoreUp(ILogger logger);

    [LoggerMessage(4032, LogLevel.Debug, "An entry of the shared level could not be read and counts as missing.")]
    public static partial void UnreadableEntry(ILogger logger, Exception? exception);

    [LoggerMessage(4033, LogLevel.Error, "More than {Limit} invalidations wait for the shared level; it is bypassed for every key for {Seconds} s, until what was stored before has ended.")]
    public static partial void PendingOverflow(ILogger logger, int limit, double seconds);
}
