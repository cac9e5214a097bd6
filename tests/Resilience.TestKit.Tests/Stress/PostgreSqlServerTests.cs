using System.Globalization;
using Npgsql;

namespace Resilience.TestKit.Tests.Stress;

public sealed class PostgreSqlServerTests
{
    [Fact]
    public async Task What_was_committed_survives_kill_9_and_what_was_not_does_not_on_the_same_port()
    {
        await using var server = await PostgreSqlServer.StartNewAsync();
        var port = server.Port;
        await using var database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
        await using (var open = new NpgsqlConnection(database.ConnectionString))
        {
            await open.OpenAsync();
            await using var transaction = await open.BeginTransactionAsync();
            await using var insert = new NpgsqlCommand("INSERT INTO t VALUES (2)", open, transaction);
            await insert.ExecuteNonQueryAsync();

            await server.KillAsync();
            server.IsRunning.ShouldBeFalse();
            await Should.ThrowAsync<NpgsqlException>(() => insert.ExecuteNonQueryAsync());
        }

        await server.StartAsync();

        server.Port.ShouldBe(port);
        NpgsqlConnection.ClearAllPools();
        database.DataSource.Clear();
        (await ScalarAsync(database, "SELECT string_agg(id::text, ',') FROM t")).ShouldBe("1");
    }

    [Fact]
    public async Task A_frozen_server_answers_when_it_continues_and_a_stop_is_clean()
    {
        await using var server = await PostgreSqlServer.StartNewAsync(new PostgreSqlServerOptions { Fsync = true, Settings = [("work_mem", "5MB")] });
        await using var database = await server.CreateDatabaseAsync();
        (await ScalarAsync(database, "SHOW fsync")).ShouldBe("on");
        (await ScalarAsync(database, "SHOW work_mem")).ShouldBe("5MB");
        server.Freeze();
        server.IsFrozen.ShouldBeTrue();
        var query = ScalarAsync(database, "SELECT 1");
        query.IsCompleted.ShouldBeFalse();

        server.Continue();

        (await query.Within()).ShouldBe("1");
        await server.StopAsync();
        server.Log.ShouldContain("database system is shut down");
    }

    [Fact]
    public async Task Databases_are_apart_and_a_template_is_built_once()
    {
        var server = await PostgreSqlServer.SharedAsync();
        (await PostgreSqlServer.SharedAsync()).ShouldBeSameAs(server);
        var built = 0;
        async Task BuildAsync(NpgsqlConnection connection)
        {
            Interlocked.Increment(ref built);
            await using var command = new NpgsqlCommand("CREATE TABLE t (id int); INSERT INTO t VALUES (7)", connection);
            await command.ExecuteNonQueryAsync();
        }

        var databases = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => server.CreateDatabaseAsync("kit", BuildAsync)));
        await databases[0].ExecuteAsync("INSERT INTO t VALUES (8)");

        built.ShouldBe(1);
        (await ScalarAsync(databases[0], "SELECT count(*) FROM t")).ShouldBe("2");
        (await ScalarAsync(databases[1], "SELECT count(*) FROM t")).ShouldBe("1");
        foreach (var database in databases)
        {
            await database.DisposeAsync();
        }

        await using var empty = await server.CreateDatabaseAsync();
        (await ScalarAsync(empty, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).ShouldBe("0");
        (await ScalarAsync(empty, $"SELECT count(*) FROM pg_database WHERE datname = '{databases[0].Name}'")).ShouldBe("0");
    }

    [Fact]
    public async Task A_server_that_cannot_start_says_why()
    {
        var error = await Should.ThrowAsync<InvalidOperationException>(
            () => PostgreSqlServer.StartNewAsync(new PostgreSqlServerOptions { Settings = [("no_such_setting", "1")] }));

        error.Message.ShouldContain("no_such_setting");
    }

    private static async Task<string?> ScalarAsync(PostgreSqlDatabase database, string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
