using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Stress;

public sealed class LockOrderTests
{
    public static TheoryData<SqlDialect> Databases { get; } = new(SqlDialect.PostgreSql, SqlDialect.Sqlite);

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Random_writers_of_many_rows_never_deadlock(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect, GuardFixture.Patient);
        var results = await Task.WhenAll(Enumerable.Range(0, 12).Select(writer => Task.Run(async () =>
        {
            var random = new Random(writer);
            var attempts = new List<int>();
            for (var i = 0; i < 25; i++)
            {
                var ids = Enumerable.Range(1, 4).OrderBy(_ => random.Next()).Take(3).ToArray();
                var plan = GuardPlan.Create()
                    .LockRows("messages", "id", ids)
                    .RequireRow("members", ("channel_id", 1), ("user_id", random.Next(1, 4)))
                    .RequireRow("members", ("channel_id", 1), ("user_id", random.Next(1, 4)))
                    .LockRow("channels", ("id", 1))
                    .ExpectRows(3);
                var result = await guard.Transactions.RunAsync(plan, async (context, token) =>
                {
                    foreach (var id in ids)
                    {
                        await context.ExecuteAsync(Forum.SetText(id, "x"), token);
                    }

                    return 0;
                });
                result.Outcome.ShouldBe(GuardOutcome.Applied);
                attempts.Add(result.Attempts);
            }

            return attempts;
        }))).Within(TimeSpan.FromSeconds(10));

        results.SelectMany(static a => a).ShouldAllBe(static attempts => attempts == 1);
        (await guard.Database.ScalarAsync<int>("SELECT sum(edits) FROM messages")).ShouldBe(12 * 25 * 3);
        if (dialect == SqlDialect.PostgreSql)
        {
            (await guard.Database.ScalarAsync<int>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")).ShouldBe(0);
        }
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_capped_counter_never_exceeds_its_cap(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect, GuardFixture.Patient);
        using var gate = new SemaphoreSlim(16);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(async () =>
        {
            await gate.WaitAsync();
            try
            {
                return (await guard.Transactions.RunAsync(GuardPlan.Create().LockRow("channels", ("id", 1)), static async (context, token) =>
                {
                    if (await context.ScalarAsync<int>(Sql.Of($"SELECT uses FROM channels WHERE id = {1}"), token) >= 50)
                    {
                        context.Refuse(GuardOutcome.Conflict);
                        return 0;
                    }

                    return await context.ExecuteAsync(Sql.Of($"UPDATE channels SET uses = uses + 1 WHERE id = {1}"), token);
                })).Outcome;
            }
            finally
            {
                gate.Release();
            }
        }))).Within(TimeSpan.FromSeconds(10));

        outcomes.Count(static o => o == GuardOutcome.Applied).ShouldBe(50);
        outcomes.Count(static o => o == GuardOutcome.Conflict).ShouldBe(150);
        (await guard.Database.ScalarAsync<int>("SELECT uses FROM channels")).ShouldBe(50);
    }
}
