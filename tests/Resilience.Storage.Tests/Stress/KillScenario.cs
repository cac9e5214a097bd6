using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Resilience.Storage.Internal;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Stress;

/// <summary>
/// The child that is killed: deletes every attachment that it finds, 32 at once, until it dies. Arguments: dialect, connection string, root, broken. With
/// <c>broken</c> the control runs instead: the file goes before the commit.
/// </summary>
public sealed class KillScenario : IChildScenario
{
    public async Task RunAsync(ChildContext context)
    {
        SQLitePCL.Batteries_V2.Init();
        var sqlite = context.Arguments[0] == nameof(SqlDialect.Sqlite);
        await using var source = sqlite
            ? SqliteFactory.Instance.CreateDataSource(context.Arguments[1])
            : (System.Data.Common.DbDataSource)NpgsqlDataSource.Create(context.Arguments[1]);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMetrics();
        services.AddTransactionalFileDeletion(o =>
            {
                o.RootPath = context.Arguments[2];
                o.RequireDurableCommits = sqlite;
            })
            .UseDatabase(_ => source)
            .UseTable("attachments", t => (t.PendingColumn, t.FailedColumn) = ("pending_delete", "delete_error"))
            .AllowAnyUser();
        if (context.Arguments[3] == "broken")
        {
            services.AddSingleton<IDeletableStore>(new UnlinkAtProbe(new LinuxFileStore(context.Arguments[2])));
        }

        await using var provider = services.BuildServiceProvider();
        var deletions = provider.GetRequiredService<IFileDeletionService>();
        await deletions.DeleteAsync("create the tables", new DeletionContext("killer"));
        var keys = new List<string>();
        await using (var connection = await source.OpenConnectionAsync())
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "SELECT id FROM attachments WHERE pending_delete IS NULL ORDER BY id LIMIT 600";
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                keys.Add(reader.GetString(0));
            }
        }

        context.Send("deleting");
        var done = 0;
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (key, stop) =>
        {
            var result = await deletions.DeleteAsync(key, new DeletionContext("killer"), stop);
            if (result.Status != DeletionStatus.Succeeded)
            {
                throw new InvalidOperationException($"{key}: {result}");
            }

            // The parent aims its kills by these.
            var now = Interlocked.Increment(ref done);
            if (now % 10 == 0)
            {
                context.Send(now.ToString(CultureInfo.InvariantCulture));
            }
        });
        context.Send("all");
    }

    /// <summary>The control: the file goes when it is looked at, which is before the commit.</summary>
    private sealed class UnlinkAtProbe(LinuxFileStore inner) : IDeletableStore
    {
        public async ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken)
        {
            var probe = await inner.ProbeAsync(path, cancellationToken);
            await inner.DeleteAsync(path, probe.Identity, cancellationToken);
            return probe;
        }

        public ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken) =>
            inner.DeleteAsync(path, expected, cancellationToken);

        public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken) => inner.FlushAsync(paths, cancellationToken);

        public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);
    }
}
