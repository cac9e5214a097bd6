using System.Data.Common;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Benchmarks;
using Resilience.Storage;
using Resilience.TestKit;

namespace Resilience.LoadTests.Storage;

/// <summary>100 callers delete files: group commit against transactions of each deletion's own, on SQLite (synchronous=FULL) and on PostgreSQL (fsync on).</summary>
internal sealed class DeletionThroughput : ILoadTest
{
    private const int Callers = 100;
    private const int Rounds = 2;
    private const int Grouped = 10_000;
    private const int Single = 1_500;

    public string Question => "What does a deletion cost with 100 callers, and how far is it from one durable commit of the same database?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var rows = new List<ResultRow>();
        using (var file = new SqliteFile())
        {
            // Every connection of the baseline competes for the write lock, as it would in an application.
            await MeasureAsync(rows, "SQLite", SqliteFile.CreateDataSource(file.ConnectionString + ";Default Timeout=120"), cancellationToken);
        }

        await using (var server = await PostgreSqlServer.StartNewAsync(new PostgreSqlServerOptions { Fsync = true }))
        await using (var database = await server.CreateDatabaseAsync())
        {
            await MeasureAsync(rows, "PostgreSQL", database.DataSource, cancellationToken);
        }

        return new LoadTestResult(
            rows,
            $"Resilience: record, journal, audit trail, unlink and flushed folder; {Grouped:N0} files a round, {Rounds} rounds, alternating. \"unprotected\": the record's DELETE and an audit row in one durable "
            + $"transaction per deletion, then the unlink, without journal, recovery or flush; {Single:N0} files a round; each caller on a pooled connection of its own. "
            + "\"by hand\": the same protocol without group commit: one durable transaction writes audit, journal and mark, then unlink and flush of the folder, then a second one removes them and writes the success; each caller on a connection of its own. "
            + "\"commit\": one durable transaction with one inserted row, one connection. Ratio: against \"by hand\", which gives the same guarantees; \"unprotected\" gives none.");
    }

    private static async Task MeasureAsync(List<ResultRow> rows, string name, DbDataSource source, CancellationToken cancellationToken)
    {
        using var folder = new TempFolder("deletions");
        await ExecuteAsync(source, "CREATE TABLE attachments (id TEXT PRIMARY KEY, path TEXT NOT NULL, pending_delete TEXT); CREATE INDEX attachments_path ON attachments (path); CREATE TABLE trail (id TEXT, at BIGINT); CREATE TABLE by_hand (id TEXT PRIMARY KEY, path TEXT UNIQUE)");
        double grouped = 0, byHand = 0, plain = 0, commit = 0;
        await using (var warm = Build(source, folder.FullPath))
        {
            await OursAsync(warm, source, folder.FullPath, 500, cancellationToken);
        }

        for (var round = 0; round < Rounds; round++)
        {
            await using (var service = Build(source, folder.FullPath))
            {
                grouped += await OursAsync(service, source, folder.FullPath, Grouped, cancellationToken);
            }

            plain += await PlainAsync(source, folder.FullPath, Single, cancellationToken);
            await using (var service = Build(source, folder.FullPath))
            {
                byHand += await ByHandAsync(service.GetRequiredService<IDeletableStore>(), source, folder.FullPath, Single, cancellationToken);
            }

            commit += await CommitsAsync(source, Single, cancellationToken);
        }

        rows.Add(new($"Resilience, {name}, {Callers} callers", grouped / Rounds, "us/deletion", grouped / byHand));
        rows.Add(new($"{name}, the same by hand, two transactions per deletion, {Callers} callers", byHand / Rounds, "us/deletion", 1));
        rows.Add(new($"{name}, unprotected, one transaction per deletion, {Callers} callers", plain / Rounds, "us/deletion", plain / byHand));
        rows.Add(new($"{name}, commit alone, 1 caller", commit / Rounds, "us/commit", commit / byHand));
    }

    private static ServiceProvider Build(DbDataSource source, string root)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMetrics();
        services.AddTransactionalFileDeletion(o => o.RootPath = root)
            .UseDatabase(_ => source)
            .UseTable("attachments", t => t.PendingColumn = "pending_delete")
            .AllowAnyUser();
        return services.BuildServiceProvider();
    }

    private static async Task<double> OursAsync(ServiceProvider services, DbDataSource source, string root, int count, CancellationToken cancellationToken)
    {
        var deletions = services.GetRequiredService<IFileDeletionService>();
        var who = new DeletionContext("bench");
        return await TimeAsync(source, root, count, async key =>
        {
            var result = await deletions.DeleteAsync(key, who, cancellationToken);
            if (result.Status != DeletionStatus.Succeeded)
            {
                throw new InvalidOperationException(result.ToString());
            }
        });
    }

    private static Task<double> PlainAsync(DbDataSource source, string root, int count, CancellationToken cancellationToken) => TimeAsync(source, root, count, async key =>
    {
        await using (var connection = await source.OpenConnectionAsync(cancellationToken))
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        await using (var command = connection.CreateCommand())
        {
            command.Transaction = transaction;
            command.CommandText = "DELETE FROM attachments WHERE id = @id; INSERT INTO trail (id, at) VALUES (@id, 0)";
            Add(command, "@id", key);
            await command.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        File.Delete(Path.Combine(root, PathOf(key)));
    });

    /// <summary>What somebody would write who wants the same guarantees and knows how: two durable transactions around the unlink.</summary>
    private static Task<double> ByHandAsync(IDeletableStore store, DbDataSource source, string root, int count, CancellationToken cancellationToken) =>
        TimeAsync(source, root, count, async key =>
        {
            var path = PathOf(key);
            var probe = await store.ProbeAsync(path, cancellationToken);
            await TransactAsync(
                source,
                """
                INSERT INTO trail (id, at) VALUES (@id, 1);
                INSERT INTO by_hand (id, path) VALUES (@id, @path);
                UPDATE attachments SET pending_delete = @id WHERE id = @id AND pending_delete IS NULL
                """,
                key,
                path,
                cancellationToken);
            await store.DeleteAsync(path, probe.Identity, cancellationToken);
            await store.FlushAsync([path], cancellationToken);
            await TransactAsync(
                source,
                "DELETE FROM attachments WHERE id = @id AND path = @path; DELETE FROM by_hand WHERE id = @id; INSERT INTO trail (id, at) VALUES (@id, 2)",
                key,
                path,
                cancellationToken);
        });

    private static async Task TransactAsync(DbDataSource source, string sql, string key, string path, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // Constants.
        command.CommandText = sql;
#pragma warning restore CA2100
        Add(command, "@id", key);
        Add(command, "@path", path);
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<double> CommitsAsync(DbDataSource source, int count, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "INSERT INTO trail (id, at) VALUES ('commit', 0)";
            await command.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return TimeProvider.System.GetElapsedTime(started).TotalMicroseconds / count;
    }

    private static async Task<double> TimeAsync(DbDataSource source, string root, int count, Func<string, Task> delete)
    {
        var keys = await FillAsync(source, root, count);
        var next = -1;
        var started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            for (var i = Interlocked.Increment(ref next); i < keys.Count; i = Interlocked.Increment(ref next))
            {
                await delete(keys[i]);
            }
        })));
        return TimeProvider.System.GetElapsedTime(started).TotalMicroseconds / count;
    }

    private static async Task<List<string>> FillAsync(DbDataSource source, string root, int count)
    {
        var keys = Enumerable.Range(0, count).Select(i => i.ToString("D8", CultureInfo.InvariantCulture)).ToList();
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO attachments (id, path) VALUES (@id, @path)";
        Add(command, "@id", "");
        Add(command, "@path", "");
        foreach (var key in keys)
        {
            Directory.CreateDirectory(Path.Combine(root, key[^2..]));
            await File.WriteAllBytesAsync(Path.Combine(root, PathOf(key)), [1, 2, 3]);
            command.Parameters[0].Value = key;
            command.Parameters[1].Value = PathOf(key);
            await command.ExecuteNonQueryAsync();
        }

        await transaction.CommitAsync();
        return keys;
    }

    private static string PathOf(string key) => $"{key[^2..]}/{key}.bin";

    private static async Task ExecuteAsync(DbDataSource source, string sql)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A constant.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    private static void Add(DbCommand command, string name, string value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
