using System.Data.Common;

namespace Resilience.Storage.Internal;

/// <summary>
/// The turn of a writer did not come in time: what SQLite's provider throws (SQLITE_BUSY) when the lock does not, and taken by everybody here for the same, a
/// <see cref="DbException"/> without an SQLSTATE after which nothing was written.
/// </summary>
internal sealed class SqliteBusyException(TimeSpan limit)
    : DbException($"SQLite Error {Busy}: 'database is locked'. Others of this process had it for {limit.TotalSeconds:0} s, the connection's Default Timeout.", Busy)
{
    private const int Busy = 5;

    public override bool IsTransient => true;
}
