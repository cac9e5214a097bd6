using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Stress;

/// <summary>
/// Edits against concurrent bans and role changes. Each transaction writes its own line into a journal while it holds its locks, so the journal's order is the
/// order of effects: an edit may only stand where its author had the right.
/// </summary>
public sealed class ConcurrentEditTests(ITestOutputHelper output)
{
    private const int Schedules = 1_000;

    public static TheoryData<SqlDialect> Databases { get; } = new(SqlDialect.PostgreSql, SqlDialect.Sqlite);

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Nothing_is_changed_by_someone_without_the_right_at_that_moment(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect, GuardFixture.Patient);
        await guard.Database.RunAsync(dialect == SqlDialect.PostgreSql
            ? "CREATE TABLE journal (at INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id INTEGER NOT NULL, what TEXT NOT NULL)"
            : "CREATE TABLE journal (at INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, what TEXT NOT NULL)");
        var seed = Environment.ProcessId;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);

        for (var schedule = 0; schedule < Schedules; schedule++)
        {
            var steps = Enumerable.Range(0, 4).Select(_ => (User: random.Next(2, 4), What: random.Next(9))).ToArray();
            await Task.WhenAll(steps.Select(step => Task.Run(() => StepAsync(guard, step.User, step.What)))).Within(TimeSpan.FromSeconds(6));
        }

        await CheckAsync(guard.Database);
    }

    private static async Task StepAsync(GuardFixture guard, int user, int what)
    {
        var member = GuardPlan.Create().LockRow("members", ("channel_id", 1), ("user_id", user));
        var result = what switch
        {
            0 => await RunAsync(guard, member, user, "revoke", Sql.Of($"DELETE FROM members WHERE user_id = {user}")),
            1 => await RunAsync(guard, GuardPlan.Create().LockRow("channels", ("id", 1)), user, "grant", Sql.Of($"INSERT INTO members VALUES (1, {user}, 'member') ON CONFLICT DO NOTHING")),
            2 => await RunAsync(guard, member, user, "revoke", Sql.Of($"UPDATE members SET role = 'reader' WHERE user_id = {user}")),
            3 => await RunAsync(guard, member, user, "grant", Sql.Of($"UPDATE members SET role = 'member' WHERE user_id = {user}")),
            4 => await RunAsync(guard, member, user, "ban", Sql.Of($"INSERT INTO bans VALUES (1, {user}) ON CONFLICT DO NOTHING")),
            5 => await RunAsync(guard, member, user, "unban", Sql.Of($"DELETE FROM bans WHERE user_id = {user}")),
            _ => await RunAsync(guard, Edit(user), user, "edit", Forum.SetText(user - 1, "edited")),
        };
        result.ShouldBeOneOf(GuardOutcome.Applied, GuardOutcome.Denied, GuardOutcome.NotFound);
    }

    private static GuardPlan Edit(int user) => GuardPlan.Create()
        .RequireRow("members", ("channel_id", 1), ("user_id", user), ("role", GuardRow.OneOf("owner", "moderator", "member")))
        .ForbidRow(GuardRow.Of("bans", ("channel_id", 1), ("user_id", user)), GuardRow.Of("members", ("channel_id", 1), ("user_id", user)))
        .LockRows("messages", "id", [user - 1]);

    private static async Task<GuardOutcome> RunAsync(GuardFixture guard, GuardPlan plan, int user, string what, Sql change)
    {
        var result = await guard.Transactions.RunAsync(plan, async (context, token) =>
        {
            var rows = await context.ExecuteAsync(change, token);
            if (rows > 0)
            {
                await context.ExecuteAsync(Sql.Of($"INSERT INTO journal (user_id, what) VALUES ({user}, {what})"), token);
            }

            return rows;
        });
        return result.Outcome;
    }

    private static async Task CheckAsync(TestDatabase database)
    {
        var right = new HashSet<int> { 2, 3 };
        var banned = new HashSet<int>();
        var counts = new Dictionary<string, int>();
        await using var command = database.Source.CreateCommand("SELECT user_id, what FROM journal ORDER BY at");
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var user = reader.GetInt32(0);
            var what = reader.GetString(1);
            counts[what] = counts.GetValueOrDefault(what) + 1;
            _ = what switch
            {
                "grant" => right.Add(user),
                "revoke" => right.Remove(user),
                "ban" => banned.Add(user),
                "unban" => banned.Remove(user),
                _ => right.Contains(user) && !banned.Contains(user) ? true : throw new ShouldAssertException("an edit stands behind the revoke of its author's right, or the ban"),
            };
        }

        foreach (var what in new[] { "grant", "revoke", "ban", "unban", "edit" })
        {
            counts.GetValueOrDefault(what).ShouldBeGreaterThan(50, what);
        }
    }
}
