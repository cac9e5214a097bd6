using Resilience.Data.Testing;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Behaviour;

public sealed class IndexAssertTests
{
    private const string Indexes = """
        CREATE INDEX ix_messages_channel ON messages (channel_id, id);
        CREATE INDEX ix_messages_text ON messages (text);
        """;

    public static TheoryData<SqlDialect> Databases { get; } = new(SqlDialect.PostgreSql, SqlDialect.Sqlite);

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task An_index_that_serves_the_command_passes_on_a_handful_of_rows(SqlDialect dialect)
    {
        await using var fixture = await FixtureAsync(dialect);

        var query = await CaptureAsync(fixture, Sql.Of($"SELECT id FROM messages WHERE channel_id = {1} AND id > {2} ORDER BY id LIMIT 10"));

        await IndexAssert.CanUseAsync(fixture.Source, query, "ix_messages_channel");
        await IndexAssert.CanUseAsync(fixture.Source, query);
        await IndexAssert.CanUseAsync(fixture.Source, await CaptureAsync(fixture, Sql.Of($"UPDATE messages SET edits = 0 WHERE id {Sql.AnyOf([1, 2], dialect)}")));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_cannot_seek_fails_with_the_plan(SqlDialect dialect)
    {
        await using var fixture = await FixtureAsync(dialect);
        Sql[] bad =
        [
            Sql.Of($"SELECT id FROM messages WHERE edits = {1}"),
            Sql.Of($"SELECT edits FROM messages WHERE lower(text) = {"x"}"),
            Sql.Of($"SELECT edits FROM messages WHERE id + 0 = {1} AND channel_id + 0 = {1}"),
        ];

        foreach (var statement in bad)
        {
            var query = await CaptureAsync(fixture, statement);
            (await Should.ThrowAsync<DataAssertException>(() => IndexAssert.CanUseAsync(fixture.Source, query))).Message.ShouldContain("messages");
        }

        // The index is there, but its first column is not in the condition, or it would be read as a whole.
        var wrongColumn = await CaptureAsync(fixture, Sql.Of($"SELECT edits FROM messages WHERE author_id = {1}"));
        await Should.ThrowAsync<DataAssertException>(() => IndexAssert.CanUseAsync(fixture.Source, wrongColumn, "ix_messages_channel"));
        var wholeIndex = await CaptureAsync(fixture, Sql.Of($"SELECT text FROM messages ORDER BY text"));
        await Should.ThrowAsync<DataAssertException>(() => IndexAssert.CanUseAsync(fixture.Source, wholeIndex, "ix_messages_text"));
        await Should.ThrowAsync<DataAssertException>(() => IndexAssert.NoFullScanAsync(fixture.Source, wrongColumn, "messages"));
    }

    [Fact]
    public async Task A_partial_index_serves_the_values_of_now_and_not_the_generic_plan()
    {
        await using var fixture = await FixtureAsync(SqlDialect.PostgreSql);
        await fixture.Database.RunAsync("CREATE INDEX ix_partial ON messages (author_id) WHERE channel_id = 1; DROP INDEX ix_messages_channel");
        var query = await CaptureAsync(fixture, Sql.Of($"SELECT text FROM messages WHERE channel_id = {1} AND author_id = {2}"));

        await IndexAssert.CanUseAsync(fixture.Source, query, "ix_partial");
        var thrown = await Should.ThrowAsync<DataAssertException>(() => IndexAssert.CanUseInGenericPlanAsync(fixture.Source, query, "ix_partial"));

        thrown.Message.ShouldContain("$1", customMessage: "the plan was made without the values");
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_generic_plan_takes_every_form_of_parameter(SqlDialect dialect)
    {
        await using var fixture = await FixtureAsync(dialect);
        await IndexAssert.CanUseInGenericPlanAsync(
            fixture.Source, await CaptureAsync(fixture, Sql.Of($"SELECT id FROM messages WHERE channel_id = {1} AND id > {2} ORDER BY id LIMIT {10}")), "ix_messages_channel");
        await IndexAssert.CanUseInGenericPlanAsync(fixture.Source, await CaptureAsync(fixture, Sql.Of($"SELECT text /* @p0 ' */ FROM messages WHERE text = {"x"} AND text <> '@p0'")), "ix_messages_text");
        await IndexAssert.CanUseInGenericPlanAsync(fixture.Source, await CaptureAsync(fixture, Sql.Of($"UPDATE messages SET edits = edits + {1L} WHERE id {Sql.AnyOf([1, 2], dialect)}")));
        await IndexAssert.CanUseInGenericPlanAsync(fixture.Source, await CaptureAsync(fixture, Sql.Of($"SELECT text FROM messages WHERE id = 1")));
        await Should.ThrowAsync<DataAssertException>(async () => await IndexAssert.CanUseInGenericPlanAsync(
            fixture.Source, await CaptureAsync(fixture, Sql.Of($"SELECT id FROM messages WHERE edits = {1}"))));

        // A statement that was left behind would be in the way of the next question on the same connection.
        if (dialect == SqlDialect.PostgreSql)
        {
            (await fixture.Database.ScalarAsync<int>("SELECT count(*) FROM pg_prepared_statements")).ShouldBe(0);
            (await fixture.Database.ScalarAsync<string>("SELECT current_setting('plan_cache_mode')")).ShouldBe("auto");
        }
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Asking_changes_neither_data_nor_settings(SqlDialect dialect)
    {
        await using var fixture = await FixtureAsync(dialect);
        var query = await CaptureAsync(fixture, Sql.Of($"DELETE FROM messages WHERE id = {99}"));

        // The captured command with a parameter that would delete a row.
        var deadly = await CaptureAsync(fixture, Sql.Of($"UPDATE messages SET text = {"changed"} WHERE id = {1} AND text = {"never"}"));
        await IndexAssert.CanUseAsync(fixture.Source, query);
        await IndexAssert.CanUseAsync(fixture.Source, deadly);

        (await fixture.Database.ScalarAsync<int>("SELECT count(*) FROM messages WHERE text IN ('one', 'two', 'three', 'four')")).ShouldBe(4);
        if (dialect == SqlDialect.PostgreSql)
        {
            (await fixture.Database.ScalarAsync<string>("SELECT current_setting('enable_seqscan')")).ShouldBe("on");
        }
    }

    [Fact]
    public async Task Unused_indexes_of_SQLite_are_those_that_no_plan_names()
    {
        await using var fixture = await FixtureAsync(SqlDialect.Sqlite);
        await fixture.Database.RunAsync("CREATE TABLE owned (id INTEGER PRIMARY KEY, channel_id INTEGER REFERENCES channels(id)); CREATE INDEX ix_owned_channel ON owned (channel_id); CREATE UNIQUE INDEX ux_name ON channels (name)");
        var query = await CaptureAsync(fixture, Sql.Of($"SELECT id FROM messages WHERE channel_id = {1}"));

        var report = await IndexAssert.FindUnusedAsync(fixture.Source, [query]);

        report.IsConclusive.ShouldBeTrue();
        report.Unused.Select(static u => u.Name).ShouldBe(["ix_messages_text"]);
    }

    [Fact]
    public async Task Unused_indexes_of_PostgreSQL_are_those_the_server_never_scanned()
    {
        await using var fixture = await FixtureAsync(SqlDialect.PostgreSql);
        await fixture.Database.RunAsync(
            """
            CREATE TABLE owned (id INTEGER PRIMARY KEY, channel_id INTEGER REFERENCES channels(id));
            CREATE INDEX ix_owned_channel ON owned (channel_id);
            CREATE UNIQUE INDEX ux_name ON channels (name);
            INSERT INTO messages SELECT i, i, 1, 'x' FROM generate_series(100, 3000) i;
            ANALYZE messages;
            """);
        var query = await CaptureAsync(fixture, Sql.Of($"SELECT id FROM messages WHERE channel_id = {500}"));
        await Watchdog.UntilAsync(async () => await fixture.Database.ScalarAsync<int>(
            "SELECT idx_scan FROM (SELECT pg_stat_force_next_flush()) f, pg_stat_user_indexes WHERE indexrelname = 'ix_messages_channel'") > 0);

        var young = await IndexAssert.FindUnusedAsync(fixture.Source, [query]);
        var report = await IndexAssert.FindUnusedAsync(fixture.Source, [query], new UnusedIndexOptions { MinimumAge = TimeSpan.Zero });

        young.IsConclusive.ShouldBeFalse();
        young.Unused.ShouldBeEmpty();
        report.Unused.Select(static u => u.Name).ShouldBe(["ix_messages_text"]);
        report.Unused[0].Bytes.ShouldBeGreaterThan(0);
    }

    private static async Task<MonitorFixture> FixtureAsync(SqlDialect dialect)
    {
        var fixture = await MonitorFixture.CreateAsync(dialect);
        await fixture.Database.RunAsync(Indexes);
        return fixture;
    }

    private static async Task<CapturedQuery> CaptureAsync(MonitorFixture fixture, Sql statement)
    {
        using var watch = QueryAssert.Begin(fixture.Monitor, "capture");
        await using var connection = await fixture.Source.OpenConnectionAsync();
        await using var command = statement.CreateCommand(connection);
        await command.ExecuteNonQueryAsync();
        return watch.Queries.ShouldHaveSingleItem();
    }
}
