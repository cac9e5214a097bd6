using System.Globalization;
using Dapper;
using Microsoft.EntityFrameworkCore;
using Resilience.Data.Testing;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Behaviour;

public sealed class NPlusOneTests
{
    public static TheoryData<SqlDialect> Databases { get; } = new(SqlDialect.PostgreSql, SqlDialect.Sqlite);

    /// <summary>The ways of access to which one scenario is put: the ids of all messages, then the role of each.</summary>
    public static TheoryData<string, SqlDialect> Ways { get; } = new()
    {
        { "ADO.NET", SqlDialect.PostgreSql },
        { "ADO.NET", SqlDialect.Sqlite },
        { "Dapper", SqlDialect.PostgreSql },
        { "Dapper", SqlDialect.Sqlite },
        { "EF Core, by interceptor", SqlDialect.PostgreSql },
        { "EF Core, on a watched connection, by interceptor too", SqlDialect.PostgreSql },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task The_same_pattern_is_found_once_and_as_N_plus_one_through_ADO_NET_Dapper_and_EF_Core(string way, SqlDialect dialect)
    {
        await using var fixture = await MonitorFixture.CreateAsync(dialect);
        using var watch = QueryAssert.Begin(fixture.Monitor, way);

        await (way switch
        {
            "ADO.NET" => ByAdoNetAsync(fixture),
            "Dapper" => ByDapperAsync(fixture),
            "EF Core, by interceptor" => ByEntityFrameworkAsync(fixture, static (builder, f) => builder.UseNpgsql(f.Database.ConnectionString)),
            _ => ByEntityFrameworkAsync(fixture, static (builder, f) => builder.UseNpgsql(f.Source.CreateConnection(), contextOwnsConnection: true)),
        });

        watch.Exactly(5);
        var finding = watch.Report.Findings.ShouldHaveSingleItem();
        (finding.Kind, finding.Count).ShouldBe((QueryFindingKind.NPlusOne, 4));
        finding.Statement.ShouldMatch(@"select (m\.)?role from members");
        Should.Throw<DataAssertException>(() => watch.NoNPlusOne()).Message.ShouldContain("4 x select");
        watch.Report.Statements[0].Rows.ShouldBe(4);
    }

    [Fact]
    public async Task A_command_that_both_the_wrapper_and_the_interceptor_see_is_counted_once()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql);
        using var watch = QueryAssert.Begin(fixture.Monitor);

        await ByEntityFrameworkAsync(fixture, static (builder, f) => builder.UseNpgsql(f.Source.CreateConnection(), contextOwnsConnection: true));
        watch.Exactly(5);
        fixture.Monitor.Snapshot().Sum(static s => s.Count).ShouldBe(5);
        fixture.Monitor.Health.Sources.ShouldBe(2, "the source and the interceptor");
    }

    [Fact]
    public async Task One_row_read_by_EF_Core_and_a_loop_behind_it_are_no_N_plus_one()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql);
        await using var db = new ForumContext(Options(fixture, static (builder, f) => builder.UseNpgsql(f.Database.ConnectionString)));
        using var watch = QueryAssert.Begin(fixture.Monitor);

        (await db.Channels.ToListAsync()).Count.ShouldBe(1);
        await EachAsync(5, async user => await db.Members.Where(m => m.UserId == user).Select(static m => m.Role).ToListAsync());

        watch.Exactly(6).NoNPlusOne();
    }

    [Fact]
    public async Task The_corpus_of_negatives_raises_none()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql);
        var source = fixture.Source;
        var negatives = new Dictionary<string, Func<Task>>
        {
            ["one batch"] = async () =>
            {
                await RowsAsync(fixture, "SELECT id FROM messages");
                await RowsAsync(fixture, "SELECT role FROM members WHERE user_id = ANY(@ids)", ("ids", new[] { 1, 2, 3 }));
            },
            ["pages by offset"] = () => EachAsync(4, i => RowsAsync(fixture, "SELECT id FROM messages ORDER BY id LIMIT 2 OFFSET @o", ("o", i))),
            ["pages by key"] = () => EachAsync(4, i => RowsAsync(fixture, "SELECT id FROM messages WHERE id > @last ORDER BY id LIMIT 1", ("last", i))),
            ["no source read before"] = () => EachAsync(5, i => RowsAsync(fixture, "SELECT role FROM members WHERE user_id = @u", ("u", i))),
            ["retries of what failed"] = () => EachAsync(5, async i =>
            {
                await RowsAsync(fixture, "SELECT id FROM messages");
                await Should.ThrowAsync<Npgsql.PostgresException>(() => RowsAsync(fixture, "SELECT 1 / (@x - @x)", ("x", i)));
            }),
            ["parallel fan-out"] = async () =>
            {
                await RowsAsync(fixture, "SELECT id FROM messages");

                // All of them are under way before the first one ends: they wait for a lock that is held here.
                await using var gate = await fixture.Database.Source.OpenConnectionAsync();
                await gate.ExecuteAsync("SELECT pg_advisory_lock(7)");
                var all = Task.WhenAll(Enumerable.Range(0, 5).Select(i => RowsAsync(fixture, "SELECT pg_advisory_xact_lock_shared(7) WHERE @u >= 0", ("u", i))));
                await Watchdog.UntilAsync(async () => await fixture.Database.ScalarAsync<int>(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'") == 5);
                await gate.ExecuteAsync("SELECT pg_advisory_unlock(7)");
                await all;
            },
            ["writes"] = async () =>
            {
                await RowsAsync(fixture, "SELECT id FROM messages");
                await EachAsync(5, i => RowsAsync(fixture, "UPDATE messages SET edits = edits + 1 WHERE id = @id", ("id", i)));
            },
            ["equal parameters"] = async () =>
            {
                await RowsAsync(fixture, "SELECT id FROM messages");
                await EachAsync(5, _ => RowsAsync(fixture, "SELECT role FROM members WHERE user_id = @u", ("u", 1)));
            },
            ["allowed"] = async () =>
            {
                QueryMonitor.CurrentScope!.Allow("select role from members", "three settings, read at start");
                await ByAdoNetAsync(fixture);
            },
        };

        foreach (var (name, run) in negatives)
        {
            using var watch = QueryAssert.Begin(fixture.Monitor, name);
            await run();

            watch.NoNPlusOne();
            if (name == "equal parameters")
            {
                watch.Report.Findings.ShouldHaveSingleItem().Kind.ShouldBe(QueryFindingKind.Duplicate);
                Should.Throw<DataAssertException>(() => watch.NoDuplicates());
            }
        }

        source.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_scope_over_its_budget_is_told_once_in_log_and_metric()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.Sqlite);
        using (var scope = fixture.Monitor.BeginScope("GET /channels", new QueryBudget { MaxQueries = 2 }))
        {
            await EachAsync(3, i => RowsAsync(fixture, "SELECT role FROM members WHERE user_id = @u", ("u", i)));
            scope.Count.ShouldBe(3);
            scope.Complete().Findings.ShouldHaveSingleItem().Kind.ShouldBe(QueryFindingKind.Budget);
        }

        fixture.Logs.Of(4013).Count.ShouldBe(1);
        fixture.Collected.Value("resilience.data.queries.findings", ("kind", "budget")).ShouldBe(1);
        fixture.Collected.Values("resilience.data.scope.queries").ShouldBe([3]);
    }

    [Fact]
    public async Task Scopes_nest_and_parallel_flows_do_not_mix()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.Sqlite);

        var counts = await Task.WhenAll(Enumerable.Range(1, 8).Select(n => Task.Run(async () =>
        {
            using var outer = fixture.Monitor.BeginScope("outer");
            await RowsAsync(fixture, "SELECT 1");
            using (var inner = fixture.Monitor.BeginScope("inner"))
            {
                await EachAsync(n, _ => RowsAsync(fixture, "SELECT 2"));
                inner.Count.ShouldBe(n);
            }

            await RowsAsync(fixture, "SELECT 3");
            return outer.Count;
        })));

        counts.ShouldBe(Enumerable.Range(1, 8).Select(static n => n + 2));
    }

    [Fact]
    public async Task A_baseline_shows_what_changed_and_how_to_accept_it()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.Sqlite);
        var file = Path.Combine(Path.GetTempPath(), Guid.CreateVersion7().ToString(), "baseline.txt");
        async Task<QueryAssert> RunAsync(int times)
        {
            var watch = QueryAssert.Begin(fixture.Monitor, "channels");
            await EachAsync(times, i => RowsAsync(fixture, "SELECT role FROM members WHERE user_id = @u", ("u", i)));
            return watch;
        }

        using var first = await RunAsync(1);
        Should.Throw<DataAssertException>(() => first.MatchesBaseline(file)).Message.ShouldContain(QueryAssert.AcceptVariable);
        Baseline.Check(first.Report, file, accept: true);
        first.MatchesBaseline(file);
        first.Dispose();
        using var second = await RunAsync(2);
        var thrown = Should.Throw<DataAssertException>(() => second.MatchesBaseline(file));
        thrown.Message.ShouldContain("- 1\tselect role from members");
        thrown.Message.ShouldContain("+ 2\tselect role from members");
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    private static DbContextOptions<ForumContext> Options(MonitorFixture fixture, Action<DbContextOptionsBuilder, MonitorFixture> use)
    {
        var builder = new DbContextOptionsBuilder<ForumContext>().AddInterceptors(new MonitoringInterceptor(fixture.Monitor));
        use(builder, fixture);
        return builder.Options;
    }

    private static async Task ByEntityFrameworkAsync(MonitorFixture fixture, Action<DbContextOptionsBuilder, MonitorFixture> use)
    {
        await using var db = new ForumContext(Options(fixture, use));
        foreach (var id in await db.Messages.Select(static m => m.Id).ToListAsync())
        {
            await db.Members.Where(m => m.UserId == id).Select(static m => m.Role).ToListAsync();
        }
    }

    private static async Task ByAdoNetAsync(MonitorFixture fixture)
    {
        foreach (var id in await RowsAsync(fixture, "SELECT id FROM messages"))
        {
            await RowsAsync(fixture, "SELECT role FROM members WHERE user_id = @u", ("u", Convert.ToInt32(id, CultureInfo.InvariantCulture)));
        }
    }

    private static async Task ByDapperAsync(MonitorFixture fixture)
    {
        await using var connection = await fixture.Source.OpenConnectionAsync();
        foreach (var id in await connection.QueryAsync<int>("SELECT id FROM messages"))
        {
            await connection.QueryAsync<string>("SELECT role FROM members WHERE user_id = @id", new { id });
        }
    }

    private static async Task EachAsync(int count, Func<int, Task> run)
    {
        for (var i = 0; i < count; i++)
        {
            await run(i);
        }
    }

    private static async Task<List<object>> RowsAsync(MonitorFixture fixture, string sql, params (string Name, object Value)[] parameters)
    {
        await using var connection = await fixture.Source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        var rows = new List<object>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetValue(0));
        }

        return rows;
    }
}
