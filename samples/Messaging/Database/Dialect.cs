using System.Data.Common;
using Resilience.Data;

namespace Messaging.Database;

/// <summary>
/// Everything in which SQLite and PostgreSQL differ for this application. All other SQL is common to both: integers for times and flags,
/// text for strings, <c>RETURNING</c>, and parameters with <c>@</c>.
/// </summary>
internal abstract class Dialect
{
    /// <summary>The database, for <see cref="Sql.AnyOf{T}"/>.</summary>
    internal abstract SqlDialect Kind { get; }

    /// <summary>Appended to a SELECT whose rows must not change until the transaction ends.</summary>
    internal abstract string ForUpdate { get; }

    /// <summary>A condition that holds when the column has one of the values of the parameter, which is an array.</summary>
    internal abstract string IsOneOf(string column, string parameter);

    /// <summary>Replaces the placeholders of a migration: <c>{identity}</c> is the type of a generated key that is never used twice.</summary>
    internal abstract string Translate(string migration);

    /// <summary>Waits until no other node holds the lock of this key, and holds it until the transaction ends, also by the node's death.</summary>
    internal abstract Task LockNodesAsync(DbTransaction transaction, NodeLock key, CancellationToken cancellationToken);

    /// <summary>Whether several nodes share the database.</summary>
    internal abstract bool SharesDatabase { get; }
}
