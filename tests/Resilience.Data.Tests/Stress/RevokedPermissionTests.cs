using System.Data;
using System.Data.Common;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Stress;

/// <summary>The schedule that breaks a check before a change: the writer waits, the permission is revoked and committed, the writer goes on.</summary>
public sealed class RevokedPermissionTests
{
    private const string Journal = "CREATE TABLE journal (at INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what TEXT NOT NULL);";

    [Theory]
    [InlineData(IsolationLevel.ReadCommitted)]
    [InlineData(IsolationLevel.RepeatableRead)]
    [InlineData(IsolationLevel.Serializable)]
    public async Task No_write_takes_effect_after_a_committed_revoke(IsolationLevel isolation)
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql, GuardFixture.Patient);
        await guard.Database.RunAsync(Journal);
        await using var blocker = await Session.OpenAsync(guard.Database.Source);
        await blocker.RunAsync("UPDATE messages SET text = 'blocked' WHERE id = 1");

        var writer = Task.Run(async () => await guard.Transactions.RunAsync(Forum.Edit(2, 1).WithIsolation(isolation), static async (context, token) =>
        {
            await context.ExecuteAsync(Sql.Of($"INSERT INTO journal (what) VALUES ('edit')"), token);
            context.Affected(-1);
            await context.ScalarAsync<int>(Sql.Of($"UPDATE messages SET text = {"edited"} WHERE id = {1} RETURNING 1"), token);
            return 0;
        }));
        await WaitersAsync(guard.Database, 1);
        await using var revoker = await Session.OpenAsync(guard.Database.Source);
        var revoke = Task.Run(async () =>
        {
            await revoker.RunAsync("DELETE FROM members WHERE user_id = 2");
            await revoker.RunAsync("INSERT INTO journal (what) VALUES ('revoke')");
            await revoker.CommitAsync();
        });

        // The revoke waits for the writer, who holds the permission's row.
        await WaitersAsync(guard.Database, 2);
        await blocker.CommitAsync();
        var outcome = (await writer.Within()).Outcome;
        await revoke.Within();

        outcome.ShouldBeOneOf(GuardOutcome.Applied, GuardOutcome.Denied);
        if (outcome == GuardOutcome.Applied)
        {
            (await guard.Database.ScalarAsync<string>("SELECT string_agg(what, ' ' ORDER BY at) FROM journal")).ShouldBe("edit revoke");
        }
        else
        {
            (await guard.Database.ScalarAsync<string>("SELECT text FROM messages WHERE id = 1")).ShouldBe("blocked");
        }
    }

    [Fact]
    public async Task The_same_schedule_shows_the_fault_of_a_conditional_update()
    {
        await using var database = await TestDatabase.PostgreSqlAsync(Forum.Schema);
        await using var blocker = await Session.OpenAsync(database.Source);
        await blocker.RunAsync("UPDATE messages SET text = 'blocked' WHERE id = 1");

        var writer = Task.Run(() => database.RunAsync(
            "UPDATE messages SET text = 'edited' WHERE id = 1 AND EXISTS (SELECT 1 FROM members WHERE channel_id = 1 AND user_id = 2)"));
        await WaitersAsync(database, 1);
        await database.RunAsync("DELETE FROM members WHERE user_id = 2");
        await blocker.CommitAsync();
        await writer.Within();

        (await database.ScalarAsync<string>("SELECT text FROM messages WHERE id = 1")).ShouldBe("edited", "the revoke was committed before this change");
    }

    [Fact]
    public async Task A_ban_that_locks_the_same_parent_waits_or_denies()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql, GuardFixture.Patient);
        await using var banner = await Session.OpenAsync(guard.Database.Source);
        await banner.RunAsync("SELECT 1 FROM members WHERE channel_id = 1 AND user_id = 2 FOR NO KEY UPDATE");
        await banner.RunAsync("INSERT INTO bans VALUES (1, 2)");

        var member = GuardRow.Of("members", ("channel_id", 1), ("user_id", 2));
        var writer = Task.Run(async () => await guard.Transactions.ExecuteAsync(
            GuardPlan.Create().ForbidRow(GuardRow.Of("bans", ("channel_id", 1), ("user_id", 2)), member), Forum.SetText(1, "banned")));
        await WaitersAsync(guard.Database, 1);
        await banner.CommitAsync();

        (await writer.Within()).Outcome.ShouldBe(GuardOutcome.Denied);
    }

    private static Task WaitersAsync(TestDatabase database, int count) => Watchdog.UntilAsync(async () =>
        await database.ScalarAsync<int>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == count);

    private sealed class Session(DbConnection connection, DbTransaction transaction) : IAsyncDisposable
    {
        public static async Task<Session> OpenAsync(DbDataSource source)
        {
            var connection = await source.OpenConnectionAsync();
            return new Session(connection, await connection.BeginTransactionAsync());
        }

        public async Task RunAsync(string sql)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }

        public Task CommitAsync() => transaction.CommitAsync();

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
