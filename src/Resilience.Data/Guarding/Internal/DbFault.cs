using System.Data.Common;

namespace Resilience.Data;

/// <summary>What a database's error means for a transaction.</summary>
internal enum DbFault
{
    /// <summary>Anything else: running again does not heal it, or it is not known what happened.</summary>
    Other,

    /// <summary>The database took the transaction back so that another could go on: run it again.</summary>
    Rerun,

    /// <summary>A lock was not free within the limit.</summary>
    LockTimeout,
}

internal static class DbFaults
{
    public static DbFault Classify(Exception exception) => Find(exception) switch
    {
        { SqlState: "40001" or "40P01" } => DbFault.Rerun,
        { SqlState: "55P03" } => DbFault.LockTimeout,
        { } fault when IsSqliteBusy(fault) => DbFault.Rerun,
        _ => DbFault.Other,
    };

    /// <summary>
    /// Whether an error that came back from COMMIT shows that the transaction was taken back. The server said so itself, and was not being shut down,
    /// disconnected or cancelled while it said it.
    /// </summary>
    public static bool ProvesRollback(Exception exception)
    {
        var fault = Find(exception);
        if (fault is null)
        {
            return false;
        }

        return IsSqliteBusy(fault) || (fault.SqlState is { Length: 5 } state && state[..2] is "23" or "25" or "40" or "P0" or "55");
    }

    /// <summary>The provider's error, also when a mapper such as EF Core wrapped it.</summary>
    private static DbException? Find(Exception? exception)
    {
        for (var depth = 0; exception is not null && depth < 8; depth++, exception = exception.InnerException)
        {
            if (exception is DbException { SqlState: not null } or DbException { InnerException: null })
            {
                return (DbException)exception;
            }
        }

        return null;
    }

    /// <summary>SQLITE_BUSY and SQLITE_LOCKED with all their extended codes. No base class has the code; the prefix of the message is fixed.</summary>
    private static bool IsSqliteBusy(DbException exception) =>
        exception.GetType().FullName == "Microsoft.Data.Sqlite.SqliteException"
        && (exception.Message.StartsWith("SQLite Error 5:", StringComparison.Ordinal) || exception.Message.StartsWith("SQLite Error 6:", StringComparison.Ordinal));
}
