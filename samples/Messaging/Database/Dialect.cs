using System.Data.Common;

namespace Messaging.Database;

/// <summary>
/// Everything in which SQLite and PostgreSQL differ for this application. All other SQL is common to both: integers for times and flags,
/// text for strings, <c>RETURNING</c>, and parameters with <c>@</c>.
/// </summary>
internal abstract class Dialect
{
    /// <summary>Appended to a SELECT whose rows must not change until the transaction ends.</summary>
    internal abstract string ForUpdate { get; }

    /// <summary>Appended to a SELECT whose rows must stay as they are, while others may rely on them too.</summary>
    internal abstract string ForShare { get; }

    /// <summary>A condition that holds when the column has one of the values of the parameter, which is an array.</summary>
    internal abstract string IsOneOf(string column, string parameter);

    /// <summary>Replaces the placeholders of a migration: <c>{identity}</c> is the type of a generated key that is never used twice.</summary>
    internal abstract string Translate(string migration);

    /// <summary>Waits for this process's turn to write where the database has one writer only.</summary>
    internal abstract ValueTask<IDisposable?> EnterWriteAsync(CancellationToken cancellationToken);

    /// <summary>Waits until no other node holds the lock of this key, and holds it until the transaction ends, also by the node's death.</summary>
    internal abstract Task LockNodesAsync(DbTransaction transaction, NodeLock key, CancellationToken cancellationToken);

    /// <summary>Whether several nodes share the database.</summary>
    internal abstract bool SharesDatabase { get; }

    /// <summary>Whether the same transaction may succeed when it is run again: a deadlock or a serialisation failure.</summary>
    internal abstract bool IsTransient(DbException error);
}
