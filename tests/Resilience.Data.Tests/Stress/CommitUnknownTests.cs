using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Stress;

public sealed class CommitUnknownTests
{
    [Fact]
    public async Task A_connection_lost_during_the_commit_is_told_and_never_run_again()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql);
        await guard.Database.RunAsync(
            """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER cut AFTER UPDATE ON messages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut();
            """);
        var runs = 0;
        var committed = 0;

        var result = await guard.Transactions.RunAsync(Forum.Edit(2, 1), (context, token) =>
        {
            runs++;
            context.OnCommitted(_ =>
            {
                committed++;
                return ValueTask.CompletedTask;
            });
            return context.ExecuteAsync(Forum.SetText(1, "unknown"), token);
        }).Within();

        result.Outcome.ShouldBe(GuardOutcome.CommitUnknown);
        result.Error.ShouldNotBeNull();
        (runs, committed).ShouldBe((1, 0));
        guard.Logs.Of(4000).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_told_and_never_run_again()
    {
        await using var database = await TestDatabase.PostgreSqlAsync(Forum.Schema);
        var builder = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var proxy = new TcpProxy(new IPEndPoint(IPAddress.Loopback, builder.Port));
        (builder.Host, builder.Port, builder.Pooling) = ("127.0.0.1", proxy.Port, false);
        await using var source = NpgsqlDataSource.Create(builder.ConnectionString);
        using var meters = new TestMeterFactory();
        var fence = new RecordingFence(() =>
        {
            // The transaction is about to commit: from here on no answer comes back, and the connection is cut when the server has committed.
            proxy.ToClient.Discard = true;
            _ = CutWhenCommittedAsync(database, proxy);
        });
        using var transactions = new GuardedTransactions(
            source, new GuardedTransactionOptions(), TimeProvider.System, new Jitter(new Random(1)), new DataMetrics(meters), NullLogger.Instance, () => fence);
        var runs = 0;

        var result = await transactions.RunAsync(Forum.Edit(2, 1).Invalidate("k"), (context, token) =>
        {
            runs++;
            return context.ExecuteAsync(Forum.SetText(1, "stands"), token);
        }).Within();

        result.Outcome.ShouldBe(GuardOutcome.CommitUnknown);
        runs.ShouldBe(1);
        fence.Ended.ShouldBe(1, "the cache is invalidated after an unknown commit too");
        (await database.ScalarAsync<string>("SELECT text FROM messages WHERE id = 1")).ShouldBe("stands");
    }

    private static async Task CutWhenCommittedAsync(TestDatabase database, TcpProxy proxy)
    {
        await Watchdog.UntilAsync(async () => await database.ScalarAsync<string>("SELECT text FROM messages WHERE id = 1") == "stands");
        proxy.Cut();
    }

    private sealed class RecordingFence(Action begun) : ICommitFence, IAsyncDisposable
    {
        public int Ended { get; private set; }

        public ValueTask<IAsyncDisposable> BeginWriteAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, CancellationToken cancellationToken)
        {
            begun();
            return ValueTask.FromResult<IAsyncDisposable>(this);
        }

        public ValueTask DisposeAsync()
        {
            Ended++;
            return ValueTask.CompletedTask;
        }
    }
}
