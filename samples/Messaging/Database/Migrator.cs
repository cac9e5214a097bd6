namespace Messaging.Database;

/// <summary>Brings the tables of every feature to this program's version before anything else starts. All in one transaction: a crash leaves the old schema.</summary>
internal sealed partial class Migrator(Db database, IEnumerable<FeatureSchema> features, ILogger<Migrator> logger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) =>
        database.MigrateAsync(scope => MigrateAsync(scope, cancellationToken), cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task MigrateAsync(DbScope scope, CancellationToken cancellationToken)
    {
        await scope.Dialect.LockNodesAsync(scope.Transaction, NodeLock.Schema, cancellationToken);
        await scope.ExecuteAsync("CREATE TABLE IF NOT EXISTS schema_versions (feature TEXT PRIMARY KEY, version BIGINT NOT NULL)");
        foreach (var feature in features)
        {
            await MigrateAsync(scope, feature);
        }
    }

    private async Task MigrateAsync(DbScope scope, FeatureSchema feature)
    {
        var found = await scope.FirstOrDefaultAsync<long?>("SELECT version FROM schema_versions WHERE feature = @Feature", new { feature.Feature }) ?? 0;
        if (found > feature.Newest)
        {
            throw new SchemaTooNewException(feature.Feature, found, feature.Newest);
        }

        foreach (var (version, sql) in feature.Migrations.Where(migration => migration.Version > found))
        {
            await scope.ExecuteAsync(scope.Dialect.Translate(sql));
            await scope.ExecuteAsync(
                "INSERT INTO schema_versions (feature, version) VALUES (@Feature, @version) ON CONFLICT (feature) DO UPDATE SET version = excluded.version",
                new { feature.Feature, version });
            Migrated(logger, feature.Feature, version);
        }
    }

    [LoggerMessage(9001, LogLevel.Information, "The tables of {Feature} are at version {Version}.")]
    private static partial void Migrated(ILogger logger, string feature, long version);
}
