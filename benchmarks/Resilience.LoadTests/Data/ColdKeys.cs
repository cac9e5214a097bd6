using System.Data.Common;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Benchmarks;
using Resilience.Data;
using Resilience.TestKit;

namespace Resilience.LoadTests.Data;

/// <summary>1,000 keys that no level holds: one call for all, beside one call for each.</summary>
internal sealed class ColdKeys : ILoadTest
{
    private const int Keys = 1_000;
    private const int Rounds = 15;

    public string Question => "What do 1,000 cold keys cost, on Redis and PostgreSQL: asked for together, beside one get-or-create for each, all of them at once?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        await using var postgres = await PostgreSqlServer.StartNewAsync();
        await using var database = await ChannelDatabase.CreateAsync(postgres);
        await using var redis = await RedisServer.StartNewAsync();
        await using var readers = new ChannelReaders(database.DataSource, database.ConnectionString, services =>
            services.AddFencedCache().UseRedis(o => o.Configuration = redis.Configuration));
        Case each = new("one get-or-create per key"), many = new("Resilience GetOrCreateManyAsync"), warm = new("Resilience GetOrCreateManyAsync, in the shared level already");
        for (var round = -1; round < Rounds; round++)
        {
            await RunAsync(readers, redis, each, round, () => EachAsync(readers.Services, $"each:{round}", cancellationToken));
            await RunAsync(readers, redis, many, round, () => ManyAsync(readers.Services, $"many:{round}", cancellationToken));
            await using var other = new ChannelReaders(database.DataSource, database.ConnectionString, services =>
                services.AddFencedCache().UseRedis(o => o.Configuration = redis.Configuration));

            // Another node: its own level is empty, and its connection is made before it is timed.
            await ManyAsync(other.Services, "connect", cancellationToken);
            await RunAsync(other, redis, warm, round, () => ManyAsync(other.Services, $"many:{round}", cancellationToken));
        }

        var rows = new List<ResultRow>();
        foreach (var one in new[] { each, many, warm })
        {
            rows.Add(new($"{one.Name}, p50", one.Times.P50, "ms/1,000 keys", one.Times.P50 / each.Times.P50));
            rows.Add(new($"{one.Name}, shared-store round trips", one.Trips, "scripts/1,000 keys", one.Trips / each.Trips));
            rows.Add(new($"{one.Name}, statements", one.Statements, "statements/1,000 keys", one.Statements / each.Statements));
        }

        return new LoadTestResult(
            rows,
            $"Median of {Rounds} alternating rounds. Round trips are counted by the Redis server (EVAL and EVALSHA), statements by the monitor. The calls for each key are made by this cache too, all at once, so they are pipelined: what is compared is one call for many keys.");
    }

    private static async Task RunAsync(ChannelReaders readers, RedisServer redis, Case one, int round, Func<Task> run)
    {
        var before = await ScriptsAsync(redis);
        using var scope = readers.Monitor.BeginScope("keys");
        var start = TimeProvider.System.GetTimestamp();
        await run();
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        if (round >= 0)
        {
            // The first round warms up.
            one.Times.Add(elapsed.TotalMilliseconds);
            one.Trips = await ScriptsAsync(redis) - before;
            one.Statements = scope.Count;
        }
    }

    private static async Task<double> ScriptsAsync(RedisServer redis) => await redis.CallsOfAsync("eval") + await redis.CallsOfAsync("evalsha");

    private static async Task ManyAsync(IServiceProvider services, string prefix, CancellationToken cancellationToken)
    {
        var found = await services.GetRequiredService<FencedCache>().GetOrCreateManyAsync<int, string>(
            [.. Enumerable.Range(1, Keys)],
            id => $"{prefix}:{id}",
            async (missing, ct) =>
            {
                await using var connection = await services.GetRequiredService<DbDataSource>().OpenConnectionAsync(ct);
                return (await connection.QueryAsync<(int Id, string Name)>("SELECT id, name FROM channels WHERE id = ANY(@missing)", new { missing = missing.ToArray() }))
                    .ToDictionary(static r => r.Id, static r => r.Name);
            },
            cancellationToken: cancellationToken);
        Check(found.Count);
    }

    private static async Task EachAsync(IServiceProvider services, string prefix, CancellationToken cancellationToken)
    {
        var cache = services.GetRequiredService<FencedCache>();
        var source = services.GetRequiredService<DbDataSource>();
        var found = await Task.WhenAll(Enumerable.Range(1, Keys).Select(id => cache.GetOrCreateAsync(
            $"{prefix}:{id}",
            async ct =>
            {
                await using var connection = await source.OpenConnectionAsync(ct);
                return await connection.QuerySingleAsync<string>("SELECT name FROM channels WHERE id = @id", new { id });
            },
            cancellationToken: cancellationToken).AsTask()));
        Check(found.Count(static name => name is not null));
    }

    private static void Check(int found)
    {
        if (found != Keys)
        {
            throw new InvalidOperationException($"{found} keys were found.");
        }
    }

    private sealed record Case(string Name)
    {
        public Times Times { get; } = new();

        public double Trips { get; set; }

        public double Statements { get; set; }
    }
}
