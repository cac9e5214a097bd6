using System.Data.Common;
using System.Text.Json;

namespace Resilience.Storage.Tests.Support;

/// <summary>Records of an application's own that are rows of two tables, as <c>UseStore</c> is meant for.</summary>
public sealed class TwoTableStore(SqlDialect dialect) : IFileRecordStore
{
    public const string Tables = """
        CREATE TABLE documents (id TEXT NOT NULL PRIMARY KEY, title TEXT NOT NULL, owner_id TEXT NOT NULL);
        CREATE TABLE blobs (document_id TEXT NOT NULL PRIMARY KEY, path TEXT NOT NULL UNIQUE);
        """;

    public async ValueTask<FileRecord?> FindAsync(DbConnection connection, DbTransaction? transaction, string key, bool lockRecord, CancellationToken cancellationToken)
    {
        var suffix = lockRecord && dialect == SqlDialect.PostgreSql ? " FOR UPDATE" : string.Empty;
        var rows = await QueryAsync(
            connection, transaction, "SELECT d.id, b.path, d.owner_id, d.title FROM documents d JOIN blobs b ON b.document_id = d.id WHERE d.id = @key" + suffix, cancellationToken, key);
        return rows.Count == 0 ? null : new FileRecord(rows[0][0], rows[0][1], rows[0][2], new Dictionary<string, string?>(StringComparer.Ordinal) { ["title"] = rows[0][3] });
    }

    public async ValueTask<string?> RemoveAsync(DbTransaction transaction, FileRecord record, Guid deletionId, CancellationToken cancellationToken)
    {
        await ExecuteAsync(transaction, "DELETE FROM blobs WHERE document_id = @p0", cancellationToken, record.Key);
        await ExecuteAsync(transaction, "DELETE FROM documents WHERE id = @p0", cancellationToken, record.Key);
        return JsonSerializer.Serialize<string[]>([record.OwnerId!, record.Columns["title"]!]);
    }

    public async ValueTask<bool> RestoreAsync(DbTransaction transaction, RemovedRecord removed, string errorCode, CancellationToken cancellationToken)
    {
        var values = JsonSerializer.Deserialize<string[]>(removed.Snapshot!)!;
        await ExecuteAsync(transaction, "INSERT INTO documents (id, owner_id, title) VALUES (@p0, @p1, @p2)", cancellationToken, removed.Key, values[0], values[1]);
        await ExecuteAsync(transaction, "INSERT INTO blobs (document_id, path) VALUES (@p0, @p1)", cancellationToken, removed.Key, removed.Path);
        return true;
    }

    public ValueTask CompleteAsync(DbTransaction transaction, RemovedRecord removed, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public async ValueTask<IReadOnlyCollection<string>> FindKnownPathsAsync(
        DbConnection connection, DbTransaction? transaction, IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        var rows = await QueryAsync(connection, transaction, "SELECT path FROM blobs", cancellationToken);
        return [.. rows.Select(static r => r[0]).Intersect(paths, StringComparer.Ordinal)];
    }

    private static async Task<List<string[]>> QueryAsync(
        DbConnection connection, DbTransaction? transaction, string sql, CancellationToken cancellationToken, params string[] values)
    {
        await using var command = Command(connection, transaction, sql.Replace("@key", "@p0", StringComparison.Ordinal), values);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<string[]>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetString)]);
        }

        return rows;
    }

    private static async Task ExecuteAsync(DbTransaction transaction, string sql, CancellationToken cancellationToken, params string[] values)
    {
        await using var command = Command(transaction.Connection!, transaction, sql, values);
        (await command.ExecuteNonQueryAsync(cancellationToken)).ShouldBe(1);
    }

    private static DbCommand Command(DbConnection connection, DbTransaction? transaction, string sql, string[] values)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // Constant texts of tests.
        command.CommandText = sql;
#pragma warning restore CA2100
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"@p{i}";
            parameter.Value = values[i];
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
