using Resilience.Storage.Tests.Conformance;
using Resilience.Storage.Tests.Support;

namespace Resilience.Storage.Tests.Behaviour;

public sealed class SqliteColumnConformanceTests : SqliteConformance
{
    protected override RecordMode Mode => RecordMode.PendingColumn;

    [Fact]
    public Task A_reference_refuses_nothing_while_the_file_is_there() => ReferenceRefusesNothingWhileTheFileIsThereAsync();
}

public sealed class SqliteSnapshotConformanceTests : SqliteConformance
{
    protected override RecordMode Mode => RecordMode.Snapshot;
}

public abstract class SqliteConformance : DeletionConformance
{
    protected override Task<ITestDatabase> CreateDatabaseAsync() => Task.FromResult<ITestDatabase>(new SqliteTestDatabase());

    /// <summary>An open write transaction would hold the lock that this takes.</summary>
    protected override async Task<int> OpenTransactionsAsync()
    {
        await Harness.Database.ExecuteAsync("BEGIN IMMEDIATE; COMMIT");
        return 0;
    }
}
