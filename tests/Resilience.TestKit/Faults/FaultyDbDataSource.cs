using System.Data.Common;
using Resilience.TestKit.Faults.Internal;

namespace Resilience.TestKit;

/// <summary>
/// A data source whose connections run through a <see cref="FaultScript"/>. Steps: <c>open</c>, <c>begin</c>, <c>execute</c>, <c>commit</c>, <c>rollback</c>; give
/// commands names of their own with <paramref name="nameCommand"/>.
/// </summary>
/// <remarks>Everything else is passed to the provider. <see cref="DbBatch"/> is not offered (<see cref="DbConnection.CanCreateBatch"/> is false).</remarks>
/// <param name="inner">The real source; for SQLite <see cref="SqliteFile.CreateDataSource"/>. It is not disposed.</param>
/// <param name="script">Decides.</param>
/// <param name="nameCommand">Name of the step for a command's text; null calls them all <c>execute</c>.</param>
/// <param name="breakOnFault">Whether a failed step closes the real connection, as a broken network does; the server then rolls back what is open.</param>
public sealed class FaultyDbDataSource(DbDataSource inner, FaultScript script, Func<string, string>? nameCommand = null, bool breakOnFault = false) : DbDataSource
{
    private readonly DbDataSource _inner = inner;
    private readonly FaultyDbSteps _steps = new(script, nameCommand ?? (static _ => "execute"), breakOnFault);

    /// <inheritdoc/>
    public override string ConnectionString => _inner.ConnectionString;

    /// <inheritdoc/>
    protected override DbConnection CreateDbConnection() => new FaultyDbConnection(_inner.CreateConnection(), _steps);
}
