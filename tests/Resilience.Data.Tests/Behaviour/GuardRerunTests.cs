using System.Data;
using Npgsql;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Behaviour;

public sealed class GuardRerunTests
{
    [Theory]
    [InlineData("40001")]
    [InlineData("40P01")]
    public async Task A_transaction_that_the_database_took_back_is_run_again_as_a_whole(string state)
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql);
        var callbacks = 0;
        var attempts = new List<int>();

        var result = await guard.Transactions.RunAsync(Forum.Edit(2, 1), async (context, token) =>
        {
            attempts.Add(context.Attempt);
            context.OnCommitted(_ =>
            {
                callbacks++;
                return ValueTask.CompletedTask;
            });
            var rows = await context.ExecuteAsync(Forum.SetText(1, "again"), token);
            return context.Attempt < 3 ? throw new PostgresException("taken back", "ERROR", "ERROR", state) : rows;
        });

        result.ShouldBe(new GuardResult<int>(GuardOutcome.Applied, 1, 3));
        attempts.ShouldBe([1, 2, 3]);
        callbacks.ShouldBe(1);
        (await guard.Database.ScalarAsync<int>("SELECT edits FROM messages WHERE id = 1")).ShouldBe(1);
    }

    [Theory]
    [InlineData("40001")]
    [InlineData("40P01")]
    public async Task Taken_back_at_any_statement_the_whole_work_runs_again_and_callbacks_once(string state)
    {
        var steps = 0;
        for (var met = true; met; steps += met ? 1 : 0)
        {
            var script = new FaultScript(() => new InjectedDbException(state)).OnCall(FirstStatement + steps, FaultKind.FailBefore);
            var run = await RunFaultyAsync(script);

            met = script.Calls.Count > FirstStatement + steps;
            run.Result.ShouldBe(new GuardResult<int>(GuardOutcome.Applied, 2, met ? 2 : 1), $"step {steps}");
            (run.Callbacks, run.Edits).ShouldBe((1, 2));
        }

        // Locks, two changes of the work, the question before the commit, the commit.
        steps.ShouldBeGreaterThanOrEqualTo(5);
    }

    [Fact]
    public async Task A_connection_lost_at_any_statement_changes_nothing_and_at_the_commit_is_never_run_again()
    {
        var outcomes = new List<string>();
        for (var step = 0; ; step++)
        {
            var script = new FaultScript(static () => new InjectedDbException()).OnCall(FirstStatement + step, FaultKind.FailBefore);
            try
            {
                var run = await RunFaultyAsync(script, breaks: true);
                if (script.Calls.Count <= FirstStatement + step)
                {
                    break;
                }

                (run.Result.Outcome, run.Result.Attempts, run.Runs, run.Callbacks, run.Edits).ShouldBe((GuardOutcome.CommitUnknown, 1, 1, 0, 0));
                outcomes.Add("unknown");
            }
            catch (InjectedDbException)
            {
                script.Calls.Count(static c => c == "begin").ShouldBe(1);
                outcomes.Add("thrown");
            }
        }

        outcomes.Count.ShouldBeGreaterThanOrEqualTo(5);
        outcomes.ShouldAllBe(static o => o == "thrown" || o == "unknown");
        outcomes.Count(static o => o == "unknown").ShouldBe(1);
        outcomes[^1].ShouldBe("unknown");
    }

    [Fact]
    public async Task After_the_last_attempt_the_answer_is_busy_with_the_error()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql, static o => o.MaxAttempts = 2);

        var result = await guard.Transactions.RunAsync<int>(
            GuardPlan.Create(), static (_, _) => throw new PostgresException("taken back", "ERROR", "ERROR", "40001"));

        result.Outcome.ShouldBe(GuardOutcome.Busy);
        result.Attempts.ShouldBe(2);
        result.Error.ShouldBeOfType<PostgresException>();
        guard.Metrics.Values("resilience.data.transaction.attempts").ShouldBe([2]);
    }

    [Fact]
    public async Task Another_error_is_thrown_at_once()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql);
        var runs = 0;

        await Should.ThrowAsync<PostgresException>(async () => await guard.Transactions.RunAsync(GuardPlan.Create(), (context, token) =>
        {
            runs++;
            return context.ExecuteAsync(Sql.Of($"INSERT INTO bans SELECT 1, 1 FROM generate_series(1, 2)"), token);
        }));

        runs.ShouldBe(1);
    }

    [Fact]
    public async Task A_serialisation_failure_that_only_the_commit_shows_is_run_again()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql);
        await guard.Database.RunAsync(
            """
            CREATE TABLE latch (n INTEGER NOT NULL);
            INSERT INTO latch VALUES (0);
            CREATE FUNCTION fail_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF nextval('tries') < 3 THEN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END IF;
              RETURN NULL;
            END $$;
            CREATE SEQUENCE tries;
            CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON latch DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_at_commit();
            """);

        var result = await guard.Transactions.ExecuteAsync(GuardPlan.Create(), Sql.Of($"UPDATE latch SET n = n + 1"));

        result.ShouldBe(new GuardResult<int>(GuardOutcome.Applied, 1, 3));
        (await guard.Database.ScalarAsync<int>("SELECT n FROM latch")).ShouldBe(1);
    }

    [Fact]
    public async Task A_lock_that_is_not_free_in_time_gives_busy_without_another_attempt()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql, static o => o.LockTimeout = TimeSpan.FromMilliseconds(50));
        await using var holder = await guard.Database.Source.OpenConnectionAsync();
        await using var held = await holder.BeginTransactionAsync();
        await using var update = holder.CreateCommand();
        update.CommandText = "UPDATE messages SET text = 'held' WHERE id = 1";
        await update.ExecuteNonQueryAsync();

        var result = await guard.Transactions.ExecuteAsync(Forum.Edit(2, 1), Forum.SetText(1, "x")).Within();

        result.Outcome.ShouldBe(GuardOutcome.Busy);
        result.Attempts.ShouldBe(1);
        await held.RollbackAsync();
        (await guard.Transactions.ExecuteAsync(Forum.Edit(2, 1), Forum.SetText(1, "x"))).IsApplied.ShouldBeTrue();
    }

    [Fact]
    public async Task The_limits_are_those_of_the_options_and_end_with_the_transaction()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql);

        var inside = await guard.Transactions.RunAsync(GuardPlan.Create(), static (context, token) => context.ScalarAsync<string>(Sql.Of(
            $"SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout') || ' ' || current_setting('idle_in_transaction_session_timeout')"), token));

        inside.Value.ShouldBe("2s 10s 15s");
        (await guard.Database.ScalarAsync<string>("SELECT current_setting('lock_timeout')")).ShouldBe("0");
    }

    /// <summary>Behind "open" and "begin".</summary>
    private const int FirstStatement = 2;

    private static async Task<(GuardResult<int> Result, int Runs, int Callbacks, int Edits)> RunFaultyAsync(FaultScript script, bool breaks = false)
    {
        await using var guard = await GuardFixture.CreateAsync(
            SqlDialect.PostgreSql, static o => o.Dialect = SqlDialect.PostgreSql, wrap: source => new FaultyDbDataSource(source, script, breakOnFault: breaks));
        var (runs, callbacks) = (0, 0);
        var result = await guard.Transactions.RunAsync(Forum.Edit(2, 1).ExpectRows(2), async (context, token) =>
        {
            runs++;
            context.OnCommitted(_ =>
            {
                callbacks++;
                return ValueTask.CompletedTask;
            });
            return await context.ExecuteAsync(Forum.SetText(1, "one"), token) + await context.ExecuteAsync(Forum.SetText(1, "two"), token);
        }).Within();
        return (result, runs, callbacks, await guard.Database.ScalarAsync<int>("SELECT edits FROM messages WHERE id = 1"));
    }

    [Fact]
    public async Task SQLite_writers_of_one_process_wait_in_a_queue_and_a_full_one_gives_busy()
    {
        var time = new ManualTimeProvider();
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.Sqlite, time: time);
        var inside = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        var first = guard.Transactions.RunAsync(GuardPlan.Create(), async (context, token) =>
        {
            inside.SetResult();
            await release.Task;
            return await context.ExecuteAsync(Forum.SetText(1, "first"), token);
        }).AsTask();
        await inside.Task.Within();

        var late = guard.Transactions.ExecuteAsync(GuardPlan.Create(), Forum.SetText(1, "late")).AsTask();
        await time.WhenTimersAsync(1);
        time.Advance(TimeSpan.FromSeconds(2));

        (await late.Within()).Outcome.ShouldBe(GuardOutcome.Busy);
        release.SetResult();
        (await first.Within()).IsApplied.ShouldBeTrue();
    }

    [Fact]
    public async Task A_busy_SQLite_database_is_tried_again()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.Sqlite, static o => (o.LockTimeout, o.MaxAttempts) = (TimeSpan.FromMilliseconds(1), 100));
        await using var other = await guard.Database.Source.OpenConnectionAsync();
        await using var held = await other.BeginTransactionAsync(IsolationLevel.Serializable);

        // The provider waits a second per attempt, sleeping on its thread; the lock is released while it does.
        var waiting = Task.Run(async () => await guard.Transactions.ExecuteAsync(Forum.Edit(2, 1), Forum.SetText(1, "waited")));
        await held.RollbackAsync();

        (await waiting.Within()).IsApplied.ShouldBeTrue();
    }

    [Fact]
    public async Task A_SQLite_reader_that_goes_on_to_write_never_meets_a_stale_snapshot()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.Sqlite, GuardFixture.Patient);

        var results = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(async () => await guard.Transactions.RunAsync(
            GuardPlan.Create(),
            static async (context, token) =>
            {
                var uses = await context.ScalarAsync<int>(Sql.Of($"SELECT uses FROM channels WHERE id = {1}"), token);
                return await context.ExecuteAsync(Sql.Of($"UPDATE channels SET uses = {uses + 1} WHERE id = {1}"), token);
            }))));

        results.ShouldAllBe(static r => r.IsApplied && r.Attempts == 1);
        (await guard.Database.ScalarAsync<int>("SELECT uses FROM channels")).ShouldBe(32);
    }
}
