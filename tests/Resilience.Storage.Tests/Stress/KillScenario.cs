using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Resilience.Storage.Internal;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Stress;

/// <summary>
/// The child that is killed: deletes every attachment that it finds, 32 at once, until it dies. Arguments: dialect, connection string, root, broken, and after how
/// many files the next one is held back for good. With <c>broken</c> the control runs instead: the file goes before the commit.
/// </summary>
public sealed class KillScenario : IChildScenario
{
    public const string Held = "held";

    public async Task RunAsync(ChildContext context)
    {
        SQLitePCL.Batteries_V2.Init();
        var sqlite = context.Arguments[0] == nameof(SqlDialect.Sqlite);
        await using var source = sqlite
            ? SqliteFile.CreateDataSource(context.Arguments[1])
            : NpgsqlDataSource.Create(context.Arguments[1]);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMetrics();
        services.AddTransactionalFileDeletion(o =>
            {
                o.RootPath = context.Arguments[2];
                o.RequireDurableCommits = sqlite;
                o.LockTimeout = TimeSpan.FromSeconds(60);
            })
            .UseDatabase(_ => source)
            .UseTable("attachments", t => (t.PendingColumn, t.FailedColumn) = ("pending_delete", "delete_error"))
            .AllowAnyUser();
        var after = int.Parse(context.Arguments[4], CultureInfo.InvariantCulture);
        if (context.Arguments[3] == "broken")
        {
            services.AddSingleton<IDeletableStore>(new UnlinkAtProbe(new LinuxFileStore(context.Arguments[2]), new Holder(context, after)));
        }
        else if (after != int.MaxValue)
        {
            services.AddSingleton<IDeletableStore>(new UnlinkHeld(new LinuxFileStore(context.Arguments[2]), new Holder(context, after)));
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

    /// <summary>Lets some files pass, then tells the parent, and lets none pass any more.</summary>
    private sealed class Holder(ChildContext context, int after)
    {
        private int _left = after;

        public async Task PassAsync()
        {
            if (Interlocked.Decrement(ref _left) < 0)
            {
                context.Send(Held);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken.None);
            }
        }
    }

    /// <summary>The file is held back after the commit.</summary>
    private sealed class UnlinkHeld(LinuxFileStore inner, Holder holder) : IDeletableStore, IRootMarkerStore
    {
        public ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken) => inner.ProbeAsync(path, cancellationToken);

        public async ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken)
        {
            await holder.PassAsync();
            return await inner.DeleteAsync(path, expected, cancellationToken);
        }

        public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken) => inner.FlushAsync(paths, cancellationToken);

        public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);

        public ValueTask<string?> ReadMarkerAsync(CancellationToken cancellationToken) => inner.ReadMarkerAsync(cancellationToken);

        public ValueTask WriteMarkerAsync(string text, CancellationToken cancellationToken) => inner.WriteMarkerAsync(text, cancellationToken);
    }

    /// <summary>The control: the file goes when it is looked at, which is before the commit.</summary>
    private sealed class UnlinkAtProbe(LinuxFileStore inner, Holder holder) : IDeletableStore
    {
        public async ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken)
        {
            var probe = await inner.ProbeAsync(path, cancellationToken);
            await inner.DeleteAsync(path, probe.Identity, cancellationToken);
            await holder.PassAsync();
            return probe;
        }

        public ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken) =>
            inner.DeleteAsync(path, expected, cancellationToken);

        public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken) => inner.FlushAsync(paths, cancellationToken);

        public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);
    }
}
