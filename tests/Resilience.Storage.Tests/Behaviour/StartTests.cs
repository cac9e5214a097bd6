using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Resilience.Storage.Internal;
using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Behaviour;

/// <summary>What is refused at start, with its cure, and what the application sees of the service's state.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task A_record_that_other_rows_depend_on_is_refused_in_snapshot_mode_and_the_cure_is_named()
    {
        foreach (var ddl in (string[])
        [
            "CREATE TABLE previews (id INTEGER PRIMARY KEY, attachment TEXT REFERENCES attachments (id) ON DELETE CASCADE)",
            "CREATE TABLE previews (id INTEGER PRIMARY KEY, attachment TEXT REFERENCES attachments (id) ON DELETE SET NULL)",
            "ALTER TABLE attachments ADD COLUMN twice INTEGER GENERATED ALWAYS AS (size * 2) VIRTUAL",
            "CREATE TRIGGER gone AFTER DELETE ON attachments BEGIN SELECT 1; END",
        ])
        {
            await using var harness = await StorageHarness.CreateAsync(new SqliteTestDatabase(), RecordMode.Snapshot);
            await harness.Database.ExecuteAsync(ddl);
            await RefusesAsync(harness, "PendingColumn");
        }
    }

    [Fact]
    public async Task The_same_is_refused_on_PostgreSQL()
    {
        foreach (var ddl in (string[])
        [
            "CREATE TABLE previews (id INT PRIMARY KEY, attachment TEXT REFERENCES attachments (id) ON DELETE CASCADE)",
            "ALTER TABLE attachments ADD COLUMN twice BIGINT GENERATED ALWAYS AS (size * 2) STORED",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'; CREATE TRIGGER gone BEFORE DELETE ON attachments FOR EACH ROW EXECUTE FUNCTION f()",
        ])
        {
            await using var harness = await StorageHarness.CreateAsync(await PostgreSqlTestDatabase.CreateAsync(), RecordMode.Snapshot);
            await harness.Database.ExecuteAsync(ddl);
            await RefusesAsync(harness, "PendingColumn");
        }
    }

    [Fact]
    public async Task A_snapshot_brings_every_value_back_bit_for_bit()
    {
        await using var harness = await StorageHarness.CreateAsync(new SqliteTestDatabase(), RecordMode.Snapshot);
        await harness.Database.ExecuteAsync("ALTER TABLE attachments ADD COLUMN r REAL; ALTER TABLE attachments ADD COLUMN b BLOB; ALTER TABLE attachments ADD COLUMN odd");
        await harness.AddAsync("a1");
        await harness.Database.ExecuteAsync("UPDATE attachments SET size = 9223372036854775807, r = 0.1e-300 / 3, b = x'00ff80', odd = CAST(x'c328' AS TEXT), note = ''");
        const string Everything = "SELECT quote(id) || quote(path) || quote(size) || quote(r) || quote(b) || typeof(odd) || hex(odd) || typeof(channel) || quote(note) FROM attachments";
        var before = await harness.ListAsync(Everything);
        var files = new FaultScript();
        files.On("unlink").FailBefore();

        (await harness.Start(o => o.MaxRetries = 0, files: files).DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.Failed);

        (await harness.ListAsync(Everything)).ShouldBe(before);
    }

    [Fact]
    public async Task A_database_whose_commits_are_not_durable_is_refused()
    {
        await using var database = new SqliteTestDatabase();
        await using var harness = await StorageHarness.CreateAsync(database);
        var source = new PragmaDataSource(database.ConnectionString, "PRAGMA synchronous = NORMAL");
        await using var app = harness.Start(build: b => b.UseDatabase(_ => source, SqlDialect.Sqlite));
        var refusal = await Should.ThrowAsync<InvalidOperationException>(app.DeleteAsync("a1"));
        refusal.Message.ShouldContain("FULL");
    }

    [Fact]
    public async Task A_server_without_fsync_is_named()
    {
        var database = await PostgreSqlTestDatabase.CreateAsync();
        await using var harness = await StorageHarness.CreateAsync(database);
        await using var app = harness.Start(o => o.RequireDurableCommits = true);
        await app.DeleteAsync("a1");
        app.Logs.Of(3016).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_wrong_column_and_a_newer_table_are_refused_by_name()
    {
        await using var harness = await StorageHarness.CreateAsync(new SqliteTestDatabase());
        await using (var wrong = harness.Start(build: b => b.UseTable("attachments", t => (t.PathColumn, t.OwnerColumn) = ("nowhere", "owner_id"))))
        {
            (await Should.ThrowAsync<InvalidOperationException>(wrong.DeleteAsync("a1"))).Message.ShouldContain("nowhere");
        }

        await harness.Database.ExecuteAsync("INSERT INTO resilience_file_schema VALUES (99)");
        await using var newer = harness.Start();
        await Should.ThrowAsync<NotSupportedException>(newer.DeleteAsync("a1"));
    }

    [Fact]
    public async Task The_definition_can_be_applied_twice_and_at_once()
    {
        await using var database = (PostgreSqlTestDatabase)await PostgreSqlTestDatabase.CreateAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StorageSchema.ApplyAsync(database.Source, SqlDialect.PostgreSql))).Within();
        await StorageSchema.ApplyAsync(database.Source, SqlDialect.PostgreSql);
        StorageSchema.GetScript(SqlDialect.Sqlite).ShouldContain("resilience_file_journal");
    }

    [Theory]
    [InlineData("MaxBatch", "0")]
    [InlineData("MaxBatch", "65")]
    [InlineData("LeaseDuration", "00:00:02")]
    [InlineData("MaxRetryDelay", "00:00:00.5")]
    [InlineData("LockTimeout", "00:00:00")]
    [InlineData("MissingFile", "7")]
    [InlineData("RootName", "")]
    public void Options_are_validated_and_the_message_names_property_and_value(string property, string value)
    {
        var services = new ServiceCollection();
        services.AddTransactionalFileDeletion(o =>
        {
            var target = typeof(FileDeletionOptions).GetProperty(property)!;
            target.SetValue(o, target.PropertyType == typeof(TimeSpan)
                ? TimeSpan.Parse(value, System.Globalization.CultureInfo.InvariantCulture)
                : target.PropertyType.IsEnum ? Enum.ToObject(target.PropertyType, 7) : Convert.ChangeType(value, target.PropertyType, System.Globalization.CultureInfo.InvariantCulture));
        });
        using var provider = services.BuildServiceProvider();
        var exception = Should.Throw<OptionsValidationException>(() => provider.GetRequiredService<IOptions<FileDeletionOptions>>().Value);
        exception.Message.ShouldContain(property);
    }

    [Fact]
    public void What_was_not_said_is_named()
    {
        Resolve(b => b.UseTable("a", t => t.OwnerColumn = "o")).Message.ShouldContain("DbDataSource");
        Resolve(b => b.UseDatabase(_ => SqliteFactory.Instance.CreateDataSource("Data Source=:memory:")).UseTable("a")).Message.ShouldContain("AllowAnyUser");
        Resolve(b => b.UseDatabase(_ => SqliteFactory.Instance.CreateDataSource("Data Source=:memory:"))).Message.ShouldContain("UseTable");
        Should.Throw<ArgumentException>(() => new ServiceCollection().AddTransactionalFileDeletion().UseTable("a", t => t.FailedColumn = "f"));
    }

    [Fact]
    public void A_store_without_quarantine_or_marker_is_refused_by_the_sweeper()
    {
        using var folder = new TempFolder("bare");
        using var inner = new LinuxFileStore(folder.FullPath);
        var services = new ServiceCollection();
        services.AddTransactionalFileDeletion().UseFiles(_ => new BareStore(inner)).AddOrphanSweeper();
        using var provider = services.BuildServiceProvider();
        var message = Should.Throw<OptionsValidationException>(() => provider.GetRequiredService<IOptions<OrphanSweeperOptions>>().Value).Message;
        message.ShouldContain("Retention");
        message.ShouldContain("RequireMarker");
    }

    [Fact]
    public async Task Health_tells_what_is_stuck_and_why_a_sweep_stopped_and_the_background_services_work_by_themselves()
    {
        await using var harness = await StorageHarness.CreateAsync(new SqliteTestDatabase());
        await using var app = harness.Start(build: b => b.AddOrphanSweeper(o => o.OrphanFloor = 0));
        var check = new StorageHealthCheck(
            app.Services.GetRequiredService<StorageStatus>(), app.Services.GetRequiredService<StorageInitializer>(), app.Services.GetRequiredService<CommitLoop>());
        using var metrics = new MetricCollector(app.Meters);
        await app.DeleteAsync("create the tables");
        await harness.Database.ExecuteAsync("""
            INSERT INTO resilience_file_journal VALUES ('01900000-0000-7000-8000-000000000001', 'files', 'x1', '1/x1.bin', 'other', 1, 2, 0, NULL, 'ada', 'dead', 0, 0, 0, NULL)
            """);
        Directory.CreateDirectory(Path.Combine(harness.Root, "1"));
        await File.WriteAllTextAsync(harness.PathOf("x1"), "not the file that was meant");
        await File.WriteAllTextAsync(harness.PathOf("orphan1"), "orphan");

        var services = app.Services.GetServices<IHostedService>().ToList();
        services.Count.ShouldBe(2);
        await services[0].StartAsync(default);
        await app.Logs.WhenAsync(3002);
        await app.Logs.WhenAsync(3013);
        await services[1].StartAsync(default);
        await app.Logs.WhenAsync(3020);

        // Armed when the sweep has given its place back; its line comes before that.
        await harness.Time.WhenDueInAsync(TimeSpan.FromMinutes(1));
        app.Logs.Of(3021).Count.ShouldBe(1);
        await Watchdog.UntilAsync(async () => (await check.CheckHealthAsync(new())).Status == HealthStatus.Degraded);
        var health = await check.CheckHealthAsync(new());
        health.Data["stuck"].ShouldBe(1L);
        health.Data["lastSweepReason"].ShouldBe("too_many_orphans");
        metrics.Observe();
        metrics.Value("resilience.storage.alert.active", ("alert", "stuck")).ShouldBe(1);
        metrics.Value("resilience.storage.journal.rows", ("state", "stuck")).ShouldBe(1);

        // The operator removes the file; recovery finishes by itself when the lease is over.
        File.Delete(harness.PathOf("x1"));
        File.Delete(harness.PathOf("orphan1"));
        harness.Time.Advance(TimeSpan.FromSeconds(61));
        await app.Logs.WhenAsync(3014);
        (await app.Services.GetRequiredService<IOrphanSweeper>().RunAsync()).Outcome.ShouldBe(SweepOutcome.Completed);
        (await check.CheckHealthAsync(new())).Status.ShouldBe(HealthStatus.Healthy);
        foreach (var service in services)
        {
            await service.StopAsync(default);
        }
    }

    [Fact]
    public async Task The_application_starts_without_its_folder_and_works_when_it_comes()
    {
        await using var harness = await StorageHarness.CreateAsync(new SqliteTestDatabase());
        await harness.AddAsync("a1");
        Directory.Move(harness.Root, harness.Root + "-unmounted");
        await using var app = harness.Start();
        var service = app.Services.GetServices<IHostedService>().Single();
        await service.StartAsync(default);
        app.Logs.Of(3011).Count.ShouldBe(1);
        await Should.ThrowAsync<IOException>(app.DeleteAsync("a1"));

        Directory.Move(harness.Root + "-unmounted", harness.Root);
        (await app.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.Succeeded);
        await service.StopAsync(default);
    }

    [Fact]
    public async Task The_audit_trail_is_read_exported_copied_to_sinks_and_pruned()
    {
        await using var harness = await StorageHarness.CreateAsync(new SqliteTestDatabase());
        await using var app = harness.Start(build: b => b.AddAuditSink<CollectingSink>());
        await harness.AddAsync("a1");
        await app.DeleteAsync("a1");
        var page = await app.Audit.ReadAsync();
        page.Select(e => e.Result).ShouldBe([AuditResult.Requested, AuditResult.Succeeded]);
        page.ShouldAllBe(e => e.UserId == "ada" && e.OccurredAt == harness.Time.GetUtcNow() && e.RecordKey == "a1");
        (await app.Audit.ReadAsync(page[0].Id)).Single().Result.ShouldBe(AuditResult.Succeeded);
        using var export = new MemoryStream();
        (await app.Audit.ExportAsync(export)).ShouldBe(2);
        System.Text.Encoding.UTF8.GetString(export.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)[1].ShouldContain("\"result\":\"Succeeded\"");
        CollectingSink.Seen.ShouldContain("a1 Succeeded");

        (await app.Audit.PruneAsync()).ShouldBe(0);
        harness.Time.ShiftWallClock(TimeSpan.FromDays(366));
        (await app.Audit.PruneAsync()).ShouldBe(2);
        (await app.Audit.ReadAsync()).ShouldBeEmpty();
    }

    private static InvalidOperationException Resolve(Action<IFileDeletionBuilder> build)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMetrics();
        build(services.AddTransactionalFileDeletion(o => o.RootPath = Path.GetTempPath()));
        using var provider = services.BuildServiceProvider();
        return Should.Throw<InvalidOperationException>(() =>
        {
            provider.GetRequiredService<IRecordAdapter>();
            provider.GetRequiredService<IDeletionAuthorizer>();
        });
    }

    private static async Task RefusesAsync(StorageHarness harness, string cure)
    {
        await using var app = harness.Start();
        (await Should.ThrowAsync<InvalidOperationException>(app.DeleteAsync("a1"))).Message.ShouldContain(cure);
    }

    private sealed class CollectingSink : IDeletionAuditSink
    {
        public static System.Collections.Concurrent.ConcurrentBag<string> Seen { get; } = [];

        public ValueTask WriteAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancellationToken)
        {
            foreach (var entry in entries)
            {
                Seen.Add($"{entry.RecordKey} {entry.Result}");
            }

            throw new InvalidOperationException("A sink that throws changes nothing.");
        }
    }

    private sealed class BareStore(IDeletableStore inner) : IDeletableStore
    {
        public ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken) => inner.ProbeAsync(path, cancellationToken);

        public ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken) => inner.DeleteAsync(path, expected, cancellationToken);

        public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken) => inner.FlushAsync(paths, cancellationToken);

        public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);
    }

    private sealed class PragmaDataSource(string connectionString, string pragma) : System.Data.Common.DbDataSource
    {
        public override string ConnectionString => connectionString;

        protected override System.Data.Common.DbConnection CreateDbConnection() => new SqliteConnection(connectionString);

        protected override async ValueTask<System.Data.Common.DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken)
        {
            var connection = new SqliteConnection(connectionString);
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A constant of the test.
            command.CommandText = pragma;
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
    }
}
