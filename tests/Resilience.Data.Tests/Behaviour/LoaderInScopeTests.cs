using System.Data.Common;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Resilience.Data.Testing;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Behaviour;

/// <summary>What a batch loader runs is counted: in the scope of its caller, and by the server.</summary>
public sealed class LoaderInScopeTests
{
    [Fact]
    public async Task The_statements_of_a_loader_count_in_the_scope_of_its_caller_and_are_no_N_plus_one()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql);
        await using var services = Services(fixture.Source);
        await using var scope = services.CreateAsyncScope();
        var loader = scope.ServiceProvider.GetRequiredService<IBatchLoader<int, string>>();
        using var watch = QueryAssert.Begin(fixture.Monitor);
        int[] ids = await IdsAsync(fixture.Source);

        // Parts of four keys: six statements with different values, one after the other, behind a read of several rows.
        (await loader.LoadManyAsync([.. ids, .. Enumerable.Range(10, 20)])).Values.Count(static l => l.State == LoadState.Found).ShouldBe(4);

        QueryMonitor.CurrentScope.ShouldNotBeNull("the batch entered the scope on its own flow").Count.ShouldBe(1 + 6);
        watch.Exactly(1 + 6).NoNPlusOne();
    }

    [Fact]
    public async Task A_loader_that_is_awaited_in_a_loop_is_an_N_plus_one()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql);
        await using var services = Services(fixture.Source);
        await using var scope = services.CreateAsyncScope();
        var loader = scope.ServiceProvider.GetRequiredService<IBatchLoader<int, string>>();
        using var watch = QueryAssert.Begin(fixture.Monitor);

        foreach (var id in await IdsAsync(fixture.Source))
        {
            await loader.LoadAsync(id);
        }

        watch.Report.Findings.ShouldHaveSingleItem().Kind.ShouldBe(QueryFindingKind.NPlusOne);
    }

    [Fact]
    public async Task A_thousand_keys_are_one_statement_by_the_servers_own_count_too()
    {
        // A server of its own, on which nobody else commits: no worker of the server, and no other connection that writes its figures down later.
        await using var server = await PostgreSqlServer.StartNewAsync(new PostgreSqlServerOptions { Settings = [("autovacuum", "off")] });
        await using var database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync(Forum.Schema);
        database.DataSource.Clear();

        // One connection that is not reset: each statement outside a transaction is one of the server's transactions, and nothing else is.
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { MaxPoolSize = 1, NoResetOnClose = true }.ConnectionString);
        await using var fixture = new MonitorFixture();
        await using var monitored = new MonitoredDbDataSource(source, fixture.Monitor);
        await using var services = Services(monitored, batch: 1_024);
        await using var scope = services.CreateAsyncScope();
        var loader = scope.ServiceProvider.GetRequiredService<IBatchLoader<int, string>>();
        await loader.LoadManyAsync([1]);

        await Watchdog.UntilAsync(async () =>
        {
            await using var connection = await source.OpenConnectionAsync();
            return await connection.QuerySingleAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") == 1;
        });
        var first = await CommitsAsync(source);
        var second = await CommitsAsync(source);
        using var watch = fixture.Monitor.BeginScope("thousand");
        await loader.LoadManyAsync([.. Enumerable.Range(1, 1_000)]);
        var third = await CommitsAsync(source);

        // A caller that is interrupted between two loads misses the others on a busy machine; then it is tried again.
        var (fourth, rounds) = (third, 0);
        await Watchdog.UntilAsync(
            async () =>
            {
                var before = fourth;
                await Task.WhenAll(Enumerable.Range(1, 1_000).Select(id => loader.LoadAsync(id)));
                (fourth, rounds) = (await CommitsAsync(source), rounds + 1);
                return fourth - before - (second - first) is >= 1 and <= 8;
            },
            what: "loads that start together to be few statements");

        (third - second - (second - first)).ShouldBe(1);
        watch.Count.ShouldBe((int)(fourth - second - ((1 + rounds) * (second - first))));
    }

    private static ServiceProvider Services(DbDataSource source, int batch = 4)
    {
        var services = new ServiceCollection().AddMetrics().AddSingleton(source);
        services.AddBatchLoader<int, string>(
            "texts",
            static async (context, ids, token) =>
            {
                await using var connection = await context.Services.GetRequiredService<DbDataSource>().OpenConnectionAsync(token);
                return (await connection.QueryAsync<(int Id, string Text)>("SELECT id, text FROM messages WHERE id = ANY(@ids)", new { ids = ids.ToArray() }))
                    .ToDictionary(static r => r.Id, static r => r.Text);
            },
            o => o.MaxBatchSize = batch);
        return services.BuildServiceProvider();
    }

    private static async Task<int[]> IdsAsync(DbDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        return [.. await connection.QueryAsync<int>("SELECT id FROM messages")];
    }

    private static async Task<long> CommitsAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        await connection.ExecuteAsync("SELECT pg_stat_force_next_flush()");
        return await connection.QuerySingleAsync<long>("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()");
    }
}
