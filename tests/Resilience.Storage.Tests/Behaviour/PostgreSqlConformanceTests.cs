using System.Globalization;
using Resilience.Storage.Tests.Conformance;
using Resilience.Storage.Tests.Support;

namespace Resilience.Storage.Tests.Behaviour;

public sealed class PostgreSqlColumnConformanceTests : PostgreSqlConformance
{
    protected override RecordMode Mode => RecordMode.PendingColumn;
}

public sealed class PostgreSqlSnapshotConformanceTests : PostgreSqlConformance
{
    protected override RecordMode Mode => RecordMode.Snapshot;
}

public abstract class PostgreSqlConformance : DeletionConformance
{
    protected override Task<ITestDatabase> CreateDatabaseAsync() => PostgreSqlTestDatabase.CreateAsync();

    protected override async Task<int> OpenTransactionsAsync() => int.Parse(
        (await Harness.ListAsync(
            "SELECT CAST(COUNT(*) AS text) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' AND xact_start IS NOT NULL"))[0],
        CultureInfo.InvariantCulture);
}
