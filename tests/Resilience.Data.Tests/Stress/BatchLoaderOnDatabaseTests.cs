using System.Data.Common;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Stress;

public sealed class BatchLoaderOnDatabaseTests
{
    [Fact]
    public async Task A_thousand_channels_read_by_fifty_callers_take_a_constant_number_of_statements_each()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql);
        await fixture.Database.RunAsync("INSERT INTO channels SELECT i, 'c' || i FROM generate_series(2, 1000) i");
        var services = new ServiceCollection().AddMetrics().AddSingleton(fixture.Source);
        services.AddBatchLoader<int, string>("channels", static async (context, ids, token) =>
        {
            await using var connection = await context.Services.GetRequiredService<DbDataSource>().OpenConnectionAsync(token);
            return (await connection.QueryAsync<(int Id, string Name)>("SELECT id, name FROM channels WHERE id = ANY(@ids)", new { ids })).ToDictionary(static r => r.Id, static r => r.Name);
        });
        await using var provider = services.BuildServiceProvider();

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(caller => Task.Run(async () =>
        {
            await using var scope = provider.CreateAsyncScope();
            var loader = scope.ServiceProvider.GetRequiredService<IBatchLoader<int, string>>();
            return caller % 2 == 0
                ? (await loader.LoadManyAsync([.. Enumerable.Range(1, 1_000)])).Values.Count(static l => l.State == LoadState.Found)
                : (await Task.WhenAll(Enumerable.Range(1, 1_000).Select(id => loader.LoadAsync(id)))).Count(static l => l.State == LoadState.Found);
        }))).Within(TimeSpan.FromSeconds(10));

        results.ShouldAllBe(static found => found == 1_000);
        var statement = fixture.Monitor.Snapshot().Single(static s => s.Statement.Contains("any(?)"));
        statement.Errors.ShouldBe(0);
        TestContext.Current.TestOutputHelper!.WriteLine($"{statement.Count} statements for 50 callers");
        statement.Count.ShouldBeInRange(50, 50 * 8);
    }
}
