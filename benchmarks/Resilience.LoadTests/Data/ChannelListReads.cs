using System.Data.Common;
using System.Globalization;
using System.Net;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Resilience.Benchmarks;
using Resilience.Data;
using Resilience.TestKit;

namespace Resilience.LoadTests.Data;

/// <summary>The same list, once with one statement per channel and once through the batch loader, alternating.</summary>
internal sealed class ChannelListReads : ILoadTest
{
    private const int Rounds = 15;

    public string Question => "How long does a list of channels with its last messages take through the batch loader, beside a Dapper loop?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var rows = new List<ResultRow>();
        await using var server = await PostgreSqlServer.StartNewAsync();
        await using var database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE channels (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE messages (id INTEGER PRIMARY KEY, channel_id INTEGER NOT NULL, text TEXT NOT NULL);
            INSERT INTO channels SELECT i, 'channel ' || i FROM generate_series(1, 10000) i;
            INSERT INTO messages SELECT i, 1 + i % 10000, 'message ' || i FROM generate_series(1, 100000) i;
            CREATE INDEX messages_by_channel ON messages (channel_id, id);
            ANALYZE;
            """);
        foreach (var count in new[] { 10, 100, 1_000, 10_000 })
        {
            await MeasureAsync(rows, database.DataSource, count, "no delay", cancellationToken);
        }

        await using var proxy = new TcpProxy(new IPEndPoint(IPAddress.Loopback, server.Port));
        proxy.ToServer.Delay = TimeSpan.FromMilliseconds(0.5);
        var builder = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Host = "127.0.0.1", Port = proxy.Port };
        await using var far = NpgsqlDataSource.Create(builder.ConnectionString);
        var trip = await TripAsync(far, cancellationToken);
        await MeasureAsync(rows, far, 100, "delaying proxy", cancellationToken);
        await MeasureAsync(rows, far, 1_000, "delaying proxy", cancellationToken, rounds: 3);
        return new LoadTestResult(
            rows,
            $"Median of {Rounds} alternating rounds (3 for 1,000 channels behind the proxy). Loop: one statement for the channels and one per channel; loader: one for the channels and one per 1,024 of them.",
            string.Create(CultureInfo.InvariantCulture, $"The proxy is asked for 0.5 ms; with this machine's timers a round trip through it takes {trip:0.0} ms."));
    }

    private static async Task<double> TripAsync(DbDataSource source, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 50; i++)
        {
            await connection.ExecuteScalarAsync<int>("SELECT 1");
        }

        return TimeProvider.System.GetElapsedTime(start).TotalMilliseconds / 50;
    }

    private static async Task MeasureAsync(List<ResultRow> rows, DbDataSource source, int count, string where, CancellationToken cancellationToken, int rounds = Rounds)
    {
        var services = new ServiceCollection().AddMetrics();
        services.AddMonitoredDataSource(_ => new Borrowed(source));
        services.AddBatchLoader<int, string>("last", static async (context, ids, ct) =>
        {
            await using var connection = await context.Services.GetRequiredService<DbDataSource>().OpenConnectionAsync(ct);
            return (await connection.QueryAsync<(int Id, string Text)>(
                "SELECT c.id, (SELECT text FROM messages m WHERE m.channel_id = c.id ORDER BY m.id DESC LIMIT 1) FROM unnest(@ids) AS c(id)", new { ids }))
                .ToDictionary(static r => r.Id, static r => r.Text);
        });
        await using var provider = services.BuildServiceProvider();
        var monitor = provider.GetRequiredService<QueryMonitor>();
        List<double> loop = [], loader = [];
        int loopStatements = 0, loaderStatements = 0;
        for (var round = -1; round < rounds; round++)
        {
            (var time, loopStatements) = await TimeAsync(monitor, () => LoopAsync(provider, count, cancellationToken));
            Keep(loop, time, round);
            (time, loaderStatements) = await TimeAsync(monitor, () => LoaderAsync(provider, count, cancellationToken));
            Keep(loader, time, round);
        }

        var baseline = Median(loop);
        rows.Add(new($"Dapper loop, {count:N0} channels, {where}, {loopStatements:N0} statements", baseline, "ms/list", 1));
        rows.Add(new($"Resilience loader, {count:N0} channels, {where}, {loaderStatements:N0} statements", Median(loader), "ms/list", Median(loader) / baseline));

        // The first round warms up.
        static void Keep(List<double> times, double time, int round)
        {
            if (round >= 0)
            {
                times.Add(time);
            }
        }
    }

    private static async Task<(double Milliseconds, int Statements)> TimeAsync(QueryMonitor monitor, Func<Task> run)
    {
        using var scope = monitor.BeginScope("list");
        var start = TimeProvider.System.GetTimestamp();
        await run();
        return (TimeProvider.System.GetElapsedTime(start).TotalMilliseconds, scope.Count);
    }

    private static async Task LoopAsync(IServiceProvider services, int count, CancellationToken cancellationToken)
    {
        await using var connection = await services.GetRequiredService<DbDataSource>().OpenConnectionAsync(cancellationToken);
        foreach (var id in await connection.QueryAsync<int>("SELECT id FROM channels ORDER BY id LIMIT @count", new { count }))
        {
            await connection.QueryFirstAsync<string>("SELECT text FROM messages WHERE channel_id = @id ORDER BY id DESC LIMIT 1", new { id });
        }
    }

    private static async Task LoaderAsync(IServiceProvider services, int count, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        int[] ids;
        await using (var connection = await services.GetRequiredService<DbDataSource>().OpenConnectionAsync(cancellationToken))
        {
            ids = [.. await connection.QueryAsync<int>("SELECT id FROM channels ORDER BY id LIMIT @count", new { count })];
        }

        var last = await scope.ServiceProvider.GetRequiredService<IBatchLoader<int, string>>().LoadManyAsync(ids, cancellationToken);
        if (last.Count != count || last.Values.Any(static l => l.State != LoadState.Found))
        {
            throw new InvalidOperationException("The lists differ.");
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Passes connections on and leaves the source to its owner.</summary>
    private sealed class Borrowed(DbDataSource inner) : DbDataSource
    {
        public override string ConnectionString => inner.ConnectionString;

        protected override DbConnection CreateDbConnection() => inner.CreateConnection();

        protected override ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) => inner.OpenConnectionAsync(cancellationToken);
    }
}
