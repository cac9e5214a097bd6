using Dapper;
using Resilience.Data.Tests.Support;

namespace Resilience.Data.Tests.Stress;

public sealed class InjectionTests
{
    private static readonly string[] Payloads =
    [
        "'; DROP TABLE messages; --", "' OR '1'='1", "\" OR \"\"=\"", "1; DELETE FROM members", "') ; INSERT INTO bans VALUES (1,1); --", "\\'; SELECT pg_sleep(1); --",
        "%' OR text LIKE '%", "{0}", "@p0", "$1", ":p0", "$$; DROP TABLE channels; $$", "/* */ UNION SELECT 1 --", "a\u2019b\u02bc' OR 1=1", "x'||(SELECT 1)||'", "NULL", "![%]_",
    ];

    public static TheoryData<SqlDialect> Databases { get; } = new(SqlDialect.PostgreSql, SqlDialect.Sqlite);

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task The_corpus_has_no_effect_in_any_hole(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);
        var before = await FingerprintAsync(guard.Database);
        foreach (var payload in Payloads)
        {
            foreach (var (statement, harmless) in Statements(payload, dialect).Zip(Statements("harmless", dialect)))
            {
                // The same text whatever the value: nothing of it is in the command.
                statement.Text.ShouldBe(harmless.Text);
                await using var command = statement.CreateCommand(guard.Database.Source);
                await command.ExecuteNonQueryAsync();
            }

            (await guard.Transactions.ExecuteAsync(
                GuardPlan.Create().RequireRow("members", ("channel_id", 1), ("user_id", 1), ("role", payload)), Sql.Of($"DELETE FROM messages"))).Outcome.ShouldBe(GuardOutcome.Denied);
            (await guard.Transactions.ExecuteAsync(
                GuardPlan.Create().RequireRow("members", ("role", GuardRow.OneOf(payload, payload + "x"))), Sql.Of($"DELETE FROM messages"))).Outcome.ShouldBe(GuardOutcome.Denied);
            Should.Throw<ArgumentException>(() => GuardPlan.Create().LockRow(payload == "NULL" ? "a b" : payload, ("id", 1)));
        }

        (await FingerprintAsync(guard.Database)).ShouldBe(before);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_payload_is_stored_and_found_as_it_is(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);
        await using var connection = await guard.Database.Source.OpenConnectionAsync();
        foreach (var payload in Payloads)
        {
            (await guard.Transactions.ExecuteAsync(GuardPlan.Create(), Forum.SetText(1, payload))).IsApplied.ShouldBeTrue();
            var find = Sql.Of($"SELECT text FROM messages WHERE text {Sql.LikeContains(payload)} AND text {Sql.AnyOf([payload], dialect)}");
            (await connection.QuerySingleAsync<string>(find.Text, find.Parameters)).ShouldBe(payload);
        }
    }

    private static IEnumerable<Sql> Statements(string payload, SqlDialect dialect) =>
    [
        Sql.Of($"SELECT {payload}"),
        Sql.Of($"SELECT id FROM messages WHERE text = {payload} ORDER BY id LIMIT {1}"),
        Sql.Of($"SELECT id FROM messages WHERE text {Sql.LikeContains(payload)}"),
        Sql.Of($"SELECT id FROM messages WHERE text {Sql.LikeStartsWith(payload)} OR text {Sql.AnyOf([payload, "b"], dialect)}"),
        Sql.Of($"SELECT id FROM messages WHERE text IN ({payload}, {payload})"),
        Sql.Of($"UPDATE messages SET text = text || {payload} WHERE text = {payload}"),
        Sql.Of($"DELETE FROM messages WHERE text = {payload}"),
        Sql.Of($"INSERT INTO bans SELECT 1, 1 WHERE {payload} = 'never'"),
        Sql.Of($"INSERT INTO messages (id, channel_id, author_id, text) SELECT v.a, 1, 1, v.b FROM (SELECT 99 AS a, {payload} AS b) v WHERE v.a < 0"),
        Sql.Of($"SELECT CASE WHEN text = {payload} THEN {payload} ELSE upper(CAST({payload} AS TEXT)) END FROM messages"),
        Sql.Of($"SELECT m.id FROM messages m JOIN channels c ON c.id = m.channel_id AND c.name = {payload}"),
        Sql.Of($"SELECT author_id FROM messages GROUP BY author_id HAVING max(text) = {payload} ORDER BY max(text) = {payload}"),
        Sql.Of($"SELECT id FROM messages WHERE text BETWEEN {payload} AND {payload} OR text IN (SELECT name FROM channels WHERE name = {payload})"),
        Sql.Of($"SELECT id FROM messages WHERE {Condition(payload)} UNION SELECT id FROM channels WHERE name = {payload} LIMIT {1} OFFSET {1}"),
        Sql.Of($"WITH found AS (SELECT id FROM messages WHERE text = {payload}) DELETE FROM messages WHERE id IN (SELECT id FROM found) AND text = {payload}"),
    ];

    /// <summary>A fragment with a hole of its own, spliced into another statement.</summary>
    private static Sql Condition(string payload) => Sql.Of($"text = {payload} AND length(CAST({payload} AS TEXT)) > {0}");

    private static async Task<string> FingerprintAsync(TestDatabase database)
    {
        var parts = new List<string>();
        foreach (var table in new[] { "channels", "members", "bans", "messages" })
        {
            await using var connection = await database.Source.OpenConnectionAsync();
            parts.AddRange((await connection.QueryAsync($"SELECT * FROM {table} ORDER BY 1, 2")).Select(row => $"{table}: {string.Join(",", ((IDictionary<string, object>)row).Values)}"));
        }

        parts.Add(await database.ScalarAsync<string>(database.Dialect == SqlDialect.PostgreSql
            ? "SELECT count(*) FROM pg_class" : "SELECT group_concat(sql) FROM sqlite_master"));
        return string.Join("\n", parts);
    }
}
