using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Resilience.Data;

/// <summary>The limits of a guarded transaction, as each database wants them.</summary>
internal static class GuardTimeouts
{
    public static int WholeSeconds(TimeSpan time) => (int)Math.Max(1, Math.Ceiling(time.TotalSeconds));

    /// <summary>Limits that end with the transaction; safe behind a transaction-pooling proxy.</summary>
    public static Sql ForPostgreSql(GuardedTransactionOptions options) => new(
    [
        SqlSegment.Literal(string.Create(
            CultureInfo.InvariantCulture,
            $"SET LOCAL lock_timeout = {Milliseconds(options.LockTimeout)};SET LOCAL statement_timeout = {Milliseconds(options.StatementTimeout)};" +
            $"SET LOCAL idle_in_transaction_session_timeout = {Milliseconds(options.IdleTimeout)};")),
    ]);

    /// <summary>
    /// SQLite's provider waits for the write lock as long as its own property says, which no base class has. Where trimming took the property away, the
    /// connection string's Default Timeout stands.
    /// </summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Without the property the connection string's value is used.")]
    public static void ForSqlite(DbConnection connection, TimeSpan lockTimeout) =>
        Dialects.Unwrap(connection).GetType().GetProperty("DefaultTimeout")?.SetValue(Dialects.Unwrap(connection), WholeSeconds(lockTimeout));

    private static long Milliseconds(TimeSpan time) => (long)Math.Max(1, time.TotalMilliseconds);
}
