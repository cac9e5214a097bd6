using System.Data.Common;

namespace Messaging.Database;

/// <summary>SQLite: one writer, so a write transaction locks every row there is, and writers of this process take turns without polling.</summary>
internal sealed class SqliteDialect : Dialect, IDisposable
{
    private readonly SemaphoreSlim _writer = new(1, 1);

    internal override string ForUpdate => string.Empty;

    internal override string ForShare => string.Empty;

    internal override bool SharesDatabase => false;

    // Dapper writes one parameter for each value.
    internal override string IsOneOf(string column, string parameter) => $"{column} IN {parameter}";

    public void Dispose() => _writer.Dispose();

    internal override string Translate(string migration) =>
        migration.Replace("{identity}", "INTEGER PRIMARY KEY AUTOINCREMENT", StringComparison.Ordinal);

    internal override async ValueTask<IDisposable?> EnterWriteAsync(CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        return new Turn(_writer);
    }

    internal override Task LockNodesAsync(DbTransaction transaction, NodeLock key, CancellationToken cancellationToken) => Task.CompletedTask;

    internal override bool IsTransient(DbException error) => false;

    private sealed class Turn(SemaphoreSlim writer) : IDisposable
    {
        public void Dispose() => writer.Release();
    }
}
