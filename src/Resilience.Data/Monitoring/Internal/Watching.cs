using System.Data;
using System.Data.Common;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Runs what is watched and counts it, also when it fails. What nobody watches goes straight through.</summary>
internal static class Watching
{
    public static T Run<TWatched, T>(TWatched watched, Func<TWatched, T> run)
        where TWatched : class, IWatched
    {
        if (!watched.Monitor.IsWatching)
        {
            return run(watched);
        }

        var start = watched.Monitor.Time.GetTimestamp();
        try
        {
            var result = run(watched);
            Done(watched, start, null);
            return result;
        }
        catch (Exception exception)
        {
            Done(watched, start, exception);
            throw;
        }
    }

    public static Task<T> RunAsync<TWatched, T>(TWatched watched, Func<TWatched, CancellationToken, Task<T>> run, CancellationToken cancellationToken)
        where TWatched : class, IWatched =>
        watched.Monitor.IsWatching ? WatchAsync(watched, run, cancellationToken) : run(watched, cancellationToken);

    public static DbDataReader Read<TWatched>(TWatched watched, Func<TWatched, CommandBehavior, DbDataReader> run, CommandBehavior behavior)
        where TWatched : class, IWatched
    {
        if (!watched.Monitor.IsWatching)
        {
            return run(watched, behavior);
        }

        var start = watched.Monitor.Time.GetTimestamp();
        try
        {
            return Opened(watched, run(watched, behavior), start);
        }
        catch (Exception exception)
        {
            Done(watched, start, exception);
            throw;
        }
    }

    public static Task<DbDataReader> ReadAsync<TWatched>(
        TWatched watched, Func<TWatched, CommandBehavior, CancellationToken, Task<DbDataReader>> run, CommandBehavior behavior, CancellationToken cancellationToken)
        where TWatched : class, IWatched =>
        watched.Monitor.IsWatching ? WatchReaderAsync(watched, run, behavior, cancellationToken) : run(watched, behavior, cancellationToken);

    private static async Task<T> WatchAsync<TWatched, T>(TWatched watched, Func<TWatched, CancellationToken, Task<T>> run, CancellationToken cancellationToken)
        where TWatched : class, IWatched
    {
        var start = watched.Monitor.Time.GetTimestamp();
        try
        {
            var result = await run(watched, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            Done(watched, start, null);
            return result;
        }
        catch (Exception exception)
        {
            Done(watched, start, exception);
            throw;
        }
    }

    private static async Task<DbDataReader> WatchReaderAsync<TWatched>(
        TWatched watched, Func<TWatched, CommandBehavior, CancellationToken, Task<DbDataReader>> run, CommandBehavior behavior, CancellationToken cancellationToken)
        where TWatched : class, IWatched
    {
        var start = watched.Monitor.Time.GetTimestamp();
        try
        {
            return Opened(watched, await run(watched, behavior, cancellationToken).ConfigureAwait(Systematic.KeepContext), start);
        }
        catch (Exception exception)
        {
            Done(watched, start, exception);
            throw;
        }
    }

    /// <summary>
    /// Only a read is followed to its last row. What a change returns is a row or two, and callers cast its reader to the provider's type: EF Core's for PostgreSQL does.
    /// </summary>
    private static DbDataReader Opened(IWatched watched, DbDataReader reader, long start)
    {
        var executed = watched.Monitor.Time.GetTimestamp();
        var scope = QueryMonitor.CurrentScope;
        var shape = watched.Count(scope, start, executed, null);
        if (shape is not { IsRead: true })
        {
            watched.Monitor.Finished(shape, scope, start, executed, executed, 0, null, watched.Reported);
            return reader;
        }

        return new MonitoredDbDataReader(reader, new ReadInProgress(watched.Monitor, shape, scope, start, executed, watched.Reported));
    }

    private static void Done(IWatched watched, long start, Exception? error)
    {
        var executed = watched.Monitor.Time.GetTimestamp();
        var scope = QueryMonitor.CurrentScope;
        var shape = watched.Count(scope, start, executed, error);
        watched.Monitor.Finished(shape, scope, start, executed, executed, 0, error, watched.Reported);
    }
}
