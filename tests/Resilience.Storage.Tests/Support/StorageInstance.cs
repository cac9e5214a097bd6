using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Support;

/// <summary>One instance of the service, built as an application builds it; its background services run only when a test starts them.</summary>
public sealed class StorageInstance : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    internal StorageInstance(
        StorageHarness harness, Action<FileDeletionOptions>? configure, Action<IFileDeletionBuilder>? build, FaultScript files, FaultScript? database, bool breakOnFault)
    {
        Files = new FaultyFileStore(harness.Root, files);
        DbDataSource source = database is null
            ? harness.Database.Source
            : new FaultyDbDataSource(harness.Database.Source, database, NameOf, breakOnFault);
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(Logs);
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(Meters);
        services.AddSingleton<TimeProvider>(harness.Time);
        var builder = services.AddTransactionalFileDeletion(o =>
            {
                o.RootPath = harness.Root;

                // The test server does not sync its files; kill -9 loses nothing there.
                o.RequireDurableCommits = harness.Database.Dialect == SqlDialect.Sqlite;

                // The longest there is: whoever stands still while it holds a row must not become an answer. Tests about that answer set their own.
                o.LockTimeout = TimeSpan.FromSeconds(60);
                configure?.Invoke(o);
            })
            .UseDatabase(_ => source, harness.Database.Dialect)
            .UseFiles(_ => Files)
            .UseTable("attachments", t =>
            {
                t.OwnerColumn = "owner_id";
                t.Columns.Add("channel");
                (t.PendingColumn, t.FailedColumn) = harness.Mode == RecordMode.PendingColumn ? ("pending_delete", "delete_error") : (null, null);
            });
        build?.Invoke(builder);
        _services = services.BuildServiceProvider();
    }

    public LogCollector Logs { get; } = new();

    public TestMeterFactory Meters { get; } = new();

    public FaultyFileStore Files { get; }

    public IServiceProvider Services => _services;

    public IFileDeletionService Deletions => _services.GetRequiredService<IFileDeletionService>();

    public IUploadRegistry Uploads => _services.GetRequiredService<IUploadRegistry>();

    public IDeletionAudit Audit => _services.GetRequiredService<IDeletionAudit>();

    public Task<DeletionResult> DeleteAsync(string key, string user = StorageHarness.User, CancellationToken cancellationToken = default) =>
        Deletions.DeleteAsync(key, new DeletionContext(user), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Files.Dispose();
        Meters.Dispose();
        Logs.Dispose();
    }

    /// <summary>The statement that says: what follows may be taken back.</summary>
    private static string NameOf(string sql) => sql.StartsWith("SAVEPOINT ", StringComparison.Ordinal) ? "savepoint" : "execute";
}
