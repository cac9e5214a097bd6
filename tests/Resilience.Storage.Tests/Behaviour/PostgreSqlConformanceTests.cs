using System.Globalization;
using Resilience.Storage.Tests.Conformance;
using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Behaviour;

public sealed class PostgreSqlColumnConformanceTests : PostgreSqlConformance
{
    protected override RecordMode Mode => RecordMode.PendingColumn;

    [Fact]
    public Task A_reference_refuses_nothing_while_the_file_is_there() => ReferenceRefusesNothingWhileTheFileIsThereAsync();
}

public sealed class PostgreSqlSnapshotConformanceTests : PostgreSqlConformance
{
    protected override RecordMode Mode => RecordMode.Snapshot;
}

public abstract class PostgreSqlConformance : DeletionConformance
{
    // Its row may be held by the application at the last step as well: then recovery does the rest.
    private static readonly DeletionStatus[] Certain = [DeletionStatus.Succeeded, DeletionStatus.AlreadyDeleted, DeletionStatus.Accepted];

    protected override Task<ITestDatabase> CreateDatabaseAsync() => PostgreSqlTestDatabase.CreateAsync();

    protected override async Task<int> OpenTransactionsAsync() => int.Parse(
        (await Harness.ListAsync(
            """
            SELECT CAST(COUNT(*) AS text) FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle' AND xact_start IS NOT NULL
            """))[0],
        CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_row_that_the_application_holds_makes_only_its_own_caller_wait_and_then_says_so()
    {
        var app = Harness.Start(o => o.LockTimeout = TimeSpan.FromMilliseconds(300));
        await Harness.AddAsync("held1");
        await Harness.AddManyAsync(Enumerable.Range(0, 20).Select(i => $"k{i}"));
        await using (var connection = await Harness.Database.Source.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "SELECT 1 FROM attachments WHERE id = 'held1' FOR UPDATE";
            await command.ExecuteScalarAsync();

            var held = app.DeleteAsync("held1");
            var others = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => app.DeleteAsync($"k{i}"))).Within();
            others.ShouldAllBe(r => r.Status == DeletionStatus.Succeeded);
            (await held.Within()).ErrorCode.ShouldBe("record_locked");
        }

        (await app.DeleteAsync("held1")).Status.ShouldBe(DeletionStatus.Succeeded);
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task An_application_that_locks_rows_in_its_own_order_meets_no_deadlock()
    {
        var app = Harness.Start();
        var keys = Enumerable.Range(0, 40).Select(i => $"k{i:D2}").ToList();
        await Harness.AddManyAsync(keys);
        using var stop = new CancellationTokenSource();
        var holds = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var locker = Task.Run(async () =>
        {
            // From the last to the first: against the order in which the library locks.
            var rounds = 0;
            while (!stop.IsCancellationRequested)
            {
                await using var connection = await Harness.Database.Source.OpenConnectionAsync();
                await using var transaction = await connection.BeginTransactionAsync();
                foreach (var key in keys.AsEnumerable().Reverse())
                {
                    await using var command = connection.CreateCommand();
                    command.Transaction = transaction;
#pragma warning disable CA2100 // Keys of tests.
                    command.CommandText = $"UPDATE attachments SET size = size + 1 WHERE id = '{key}'";
#pragma warning restore CA2100
                    await command.ExecuteNonQueryAsync();
                    holds.TrySetResult();
                }

                await transaction.CommitAsync();
                rounds++;
            }

            return rounds;
        });
        await Task.WhenAny(holds.Task, locker).Within();
        var results = await Task.WhenAll(keys.Select(key => Task.Run(() => app.DeleteAsync(key)))).Within();
        await stop.CancelAsync();
        (await locker.Within()).ShouldBeGreaterThan(0);
        foreach (var (key, result) in keys.Zip(results))
        {
            // A row can be held for longer than the caller waits, again and again; then it is told to come back.
            if (result.Status is DeletionStatus.Busy)
            {
                (await app.DeleteAsync(key)).Status.ShouldBeOneOf(Certain);
            }
            else
            {
                result.Status.ShouldBeOneOf(Certain);
            }
        }

        Harness.Time.ShiftWallClock(TimeSpan.FromMinutes(3));
        await app.Deletions.RecoverAsync();
        await Harness.NothingIsLeftAsync();
    }
}
