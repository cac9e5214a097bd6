using System.Transactions;
using Resilience.Data.Tests.Support;

namespace Resilience.Data.Tests.Behaviour;

public sealed class GuardedTransactionTests
{
    public static TheoryData<SqlDialect> Databases { get; } = new(SqlDialect.PostgreSql, SqlDialect.Sqlite);

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_change_with_the_right_is_applied_and_one_without_is_denied(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);

        (await guard.Transactions.ExecuteAsync(Forum.Edit(2, 1), Forum.SetText(1, "mine"))).Outcome.ShouldBe(GuardOutcome.Applied);
        (await guard.Transactions.ExecuteAsync(Forum.Edit(3, 1), Forum.SetText(1, "not mine"))).Outcome.ShouldBe(GuardOutcome.Denied);
        (await guard.Transactions.ExecuteAsync(Forum.Edit(9, 1), Forum.SetText(1, "no member"))).Outcome.ShouldBe(GuardOutcome.Denied);

        (await guard.Database.ScalarAsync<string>("SELECT text FROM messages WHERE id = 1")).ShouldBe("mine");
        guard.Metrics.Value("resilience.data.transactions", ("outcome", "applied")).ShouldBe(1);
        guard.Metrics.Value("resilience.data.transactions", ("outcome", "denied")).ShouldBe(2);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_missing_target_is_not_found_but_only_for_those_with_the_right(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);

        GuardPlan Plan(int user) => GuardPlan.Create().RequireRow("members", ("channel_id", 1), ("user_id", user)).LockRows("messages", "id", [1, 99]);

        (await guard.Transactions.ExecuteAsync(Plan(1), Forum.SetText(99, "x"))).Outcome.ShouldBe(GuardOutcome.NotFound);
        (await guard.Transactions.ExecuteAsync(Plan(9), Forum.SetText(99, "x"))).Outcome.ShouldBe(GuardOutcome.Denied);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task One_of_several_rights_is_enough_and_a_role_must_match(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);

        GuardPlan Delete(int user, int message) => GuardPlan.Create()
            .RequireAny(
                GuardRow.Of("messages", ("id", message), ("author_id", user)),
                GuardRow.Of("members", ("channel_id", 1), ("user_id", user), ("role", GuardRow.OneOf("owner", "moderator"))))
            .LockRows("messages", "id", [message])
            .ExpectRows();

        (await guard.Transactions.ExecuteAsync(Delete(2, 3), Sql.Of($"DELETE FROM messages WHERE id = {3}"))).Outcome.ShouldBe(GuardOutcome.Denied);
        (await guard.Transactions.ExecuteAsync(Delete(3, 1), Sql.Of($"DELETE FROM messages WHERE id = {1}"))).Outcome.ShouldBe(GuardOutcome.Applied);
        (await guard.Transactions.ExecuteAsync(Delete(2, 2), Sql.Of($"DELETE FROM messages WHERE id = {2}"))).Outcome.ShouldBe(GuardOutcome.Applied);
        (await guard.Database.ScalarAsync<int>("SELECT count(*) FROM messages")).ShouldBe(2);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_column_can_be_asked_to_be_null(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);
        await guard.Database.RunAsync("ALTER TABLE messages ADD COLUMN deleted_at INTEGER; UPDATE messages SET deleted_at = 5 WHERE id = 2");

        GuardPlan Live(int message) => GuardPlan.Create().LockRow("messages", ("id", message), ("deleted_at", GuardRow.Null));

        (await guard.Transactions.ExecuteAsync(Live(1), Forum.SetText(1, "live"))).Outcome.ShouldBe(GuardOutcome.Applied);
        (await guard.Transactions.ExecuteAsync(Live(2), Forum.SetText(2, "gone"))).Outcome.ShouldBe(GuardOutcome.NotFound);
        (await guard.Database.ScalarAsync<string>("SELECT text FROM messages WHERE id = 2")).ShouldBe("two");
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_forbidden_row_denies(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);
        GuardPlan Plan(int user) => GuardPlan.Create().ForbidRow(
            GuardRow.Of("bans", ("channel_id", 1), ("user_id", user)), GuardRow.Of("members", ("channel_id", 1), ("user_id", user)));
        await guard.Database.RunAsync("INSERT INTO bans VALUES (1, 2)");

        (await guard.Transactions.ExecuteAsync(Plan(2), Forum.SetText(1, "banned"))).Outcome.ShouldBe(GuardOutcome.Denied);
        (await guard.Transactions.ExecuteAsync(Plan(3), Forum.SetText(1, "fine"))).Outcome.ShouldBe(GuardOutcome.Applied);
        await Should.ThrowAsync<InvalidOperationException>(async () =>
            await guard.Transactions.ExecuteAsync(Plan(3).WithIsolation(System.Data.IsolationLevel.Serializable), Forum.SetText(1, "x")));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_query_of_ones_own_guards_too(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);
        GuardPlan Plan(int user) => GuardPlan.Create().RequireQuery(
            "members", Sql.Of($"SELECT 1 FROM members m JOIN channels c ON c.id = m.channel_id WHERE c.name = {"general"} AND m.user_id = {user}"), "m");

        (await guard.Transactions.ExecuteAsync(Plan(2), Forum.SetText(1, "a"))).Outcome.ShouldBe(GuardOutcome.Applied);
        (await guard.Transactions.ExecuteAsync(Plan(8), Forum.SetText(1, "b"))).Outcome.ShouldBe(GuardOutcome.Denied);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Another_number_of_rows_than_expected_is_a_conflict_and_is_taken_back(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);

        var result = await guard.Transactions.ExecuteAsync(GuardPlan.Create().ExpectRows(), Sql.Of($"UPDATE messages SET text = {"all"}"));

        result.Outcome.ShouldBe(GuardOutcome.Conflict);
        (await guard.Database.ScalarAsync<int>("SELECT count(*) FROM messages WHERE text = 'all'")).ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Work_that_refuses_or_throws_leaves_nothing_behind(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);
        var committed = 0;

        var refused = await guard.Transactions.RunAsync(GuardPlan.Create(), async (context, token) =>
        {
            context.OnCommitted(_ => ValueTask.FromResult(committed++).AsVoid());
            await context.ExecuteAsync(Forum.SetText(1, "refused"), token);
            context.Refuse(GuardOutcome.Denied);
            return 1;
        });
        await Should.ThrowAsync<NotSupportedException>(async () => await guard.Transactions.RunAsync<int>(GuardPlan.Create(), async (context, token) =>
        {
            await context.ExecuteAsync(Forum.SetText(1, "thrown"), token);
            throw new NotSupportedException();
        }));

        refused.Outcome.ShouldBe(GuardOutcome.Denied);
        refused.Value.ShouldBe(0);
        committed.ShouldBe(0);
        (await guard.Database.ScalarAsync<string>("SELECT text FROM messages WHERE id = 1")).ShouldBe("one");
    }

    [Fact]
    public async Task A_swallowed_error_is_not_taken_for_a_commit()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql);

        await Should.ThrowAsync<Npgsql.PostgresException>(async () => await guard.Transactions.RunAsync(GuardPlan.Create(), async (context, token) =>
        {
            await context.ExecuteAsync(Forum.SetText(1, "lost"), token);
            try
            {
                await context.ExecuteAsync(Sql.Of($"SELECT 1/0"), token);
            }
            catch (Npgsql.PostgresException)
            {
                return 0;
            }

            return 1;
        }));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Callbacks_run_once_after_the_commit_and_their_errors_do_not_undo_it(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);
        var seen = "";

        var result = await guard.Transactions.RunAsync(GuardPlan.Create(), async (context, token) =>
        {
            context.OnCommitted(_ => throw new InvalidOperationException("mail server"));
            context.OnCommitted(async _ => seen += await guard.Database.ScalarAsync<string>("SELECT text FROM messages WHERE id = 1"));
            return await context.ExecuteAsync(Forum.SetText(1, "new"), token);
        });

        result.ShouldBe(new GuardResult<int>(GuardOutcome.Applied, 1, 1));
        seen.ShouldBe("new");
        guard.Logs.Of(4001).Count.ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task An_ambient_transaction_is_refused_and_none_is_left_behind(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);

        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            Should.Throw<InvalidOperationException>(() => guard.Transactions.ExecuteAsync(GuardPlan.Create(), Forum.SetText(1, "x")).AsTask())
                .Message.ShouldContain("TransactionScope");
        }

        Transaction.Current.ShouldBeNull();
        (await guard.Transactions.ExecuteAsync(GuardPlan.Create(), Forum.SetText(1, "x"))).IsApplied.ShouldBeTrue();
        Transaction.Current.ShouldBeNull();
    }

    [Fact]
    public async Task A_nested_transaction_is_refused_instead_of_waiting_for_itself()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.Sqlite);

        await Should.ThrowAsync<InvalidOperationException>(async () => await guard.Transactions.RunAsync(
            GuardPlan.Create(), async (_, token) => await guard.Transactions.ExecuteAsync(GuardPlan.Create(), Forum.SetText(1, "x"), token)));

        (await guard.Transactions.ExecuteAsync(GuardPlan.Create(), Forum.SetText(1, "x"))).IsApplied.ShouldBeTrue();
    }

    [Fact]
    public async Task A_table_outside_the_declared_order_is_refused_with_the_cure()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.Sqlite);

        var thrown = await Should.ThrowAsync<InvalidOperationException>(async () =>
            await guard.Transactions.ExecuteAsync(GuardPlan.Create().LockRow("accounts", ("id", 1)), Forum.SetText(1, "x")));

        thrown.Message.ShouldContain("'accounts' is not in LockOrder");
        Should.Throw<ArgumentException>(() => GuardPlan.Create().LockRow("messages; DROP TABLE messages", ("id", 1)));
        Should.Throw<ArgumentException>(() => GuardPlan.Create().LockRow("messages", ("id\" = 1 OR \"id", 1)));
    }
}
