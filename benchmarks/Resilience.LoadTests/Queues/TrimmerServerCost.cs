using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Resilience.Benchmarks;
using Resilience.Queues;
using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.LoadTests.Queues;

/// <summary>What a server pays for an append, by the way in which the stream is kept short.</summary>
internal sealed class TrimmerServerCost : ILoadTest
{
    private const int Kept = 50_000;
    private const int Appends = 100_000;
    private const int Pipelined = 100;
    private const int Groups = 5;
    private const int Rounds = 3;

    private static readonly byte[] Payload = new byte[100];

    public string Question => "What does a Redis server pay for an append of 100 bytes to a stream of 50,000 entries, by the way in which the stream is kept at that length?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        await using var server = await RedisServer.StartNewAsync();
        using var connection = await ConnectionMultiplexer.ConnectAsync(server.Configuration + ",allowAdmin=true");
        var database = connection.GetDatabase();
        await using var services = Trimmer(connection);
        var trimmer = services.GetRequiredService<IStreamTrimmer>();
        var hosted = services.GetServices<IHostedService>().ToArray();
        (string Name, Func<string, IEnumerable<Task>> Append)[] cases =
        [
            ("XADD, nothing trimmed", key => [Add(key)]),
            ("XADD MAXLEN ~", key => [database.ExecuteAsync("XADD", key, "MAXLEN", "~", Kept, "*", "p", Payload)]),
            ("XADD MAXLEN =", key => [database.ExecuteAsync("XADD", key, "MAXLEN", "=", Kept, "*", "p", Payload)]),
            ("XADD, then XTRIM MAXLEN ~ each time", key => [Add(key), database.ExecuteAsync("XTRIM", key, "MAXLEN", "~", Kept)]),
            ("Resilience stream trimmer", key =>
            {
                trimmer.NotifyAppended(key);
                return [Add(key)];
            }),
            ("Resilience stream trimmer, five groups", key =>
            {
                trimmer.NotifyAppended(key);
                return [Add(key)];
            }),
        ];
        for (var i = 0; i < cases.Length; i++)
        {
            await FillAsync(database, Key(i), groups: i == cases.Length - 1 ? Groups : 0);
        }

        Array.ForEach(hosted, static service => _ = service.StartAsync(CancellationToken.None));
        var costs = cases.Select(static _ => new List<double>()).ToArray();
        var lengths = new long[cases.Length];
        for (var round = -1; round < Rounds; round++)
        {
            for (var i = 0; i < cases.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var cost = await MeasureAsync(connection, database, Key(i), cases[i].Append, groups: i == cases.Length - 1 ? Groups : 0);
                lengths[i] = (long)await database.ExecuteAsync("XLEN", Key(i));

                // So that every round begins alike, also where nothing was trimmed.
                await database.ExecuteAsync("XTRIM", Key(i), "MAXLEN", "~", Kept, "LIMIT", 0);
                costs[i].AddRange(round < 0 ? [] : [cost]);
            }
        }

        foreach (var service in hosted)
        {
            await service.StopAsync(CancellationToken.None);
        }

        var baseline = Median(costs[0]);
        return new LoadTestResult(
            [.. cases.Select((one, i) => new ResultRow(one.Name, Median(costs[i]), "us CPU/append", Median(costs[i]) / baseline))],
            $"Processor time of the server by its own account (used_cpu_user and used_cpu_sys), sockets and parsing included. Medians of {Rounds} alternating rounds of {Appends:N0} appends, {Pipelined} at a time.",
            $"Lengths at the end, in the order of the rows: {string.Join(", ", lengths.Select(static one => $"{one:N0}"))}. The five groups have read and acknowledged everything up to every 10,000th append.");
        Task Add(string key) => database.ExecuteAsync("XADD", key, "*", "p", Payload);
    }

    private static string Key(int index) => $"stream{index}";

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static ServiceProvider Trimmer(IConnectionMultiplexer connection)
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddStreamTrimmer(static o => o.AddStream(Key(4)).AddStream(Key(5))).UseRedis(o => o.Connection = connection);
        return services.BuildServiceProvider();
    }

    private static async Task FillAsync(IDatabase database, string key, int groups)
    {
        for (var added = 0; added < Kept; added += Pipelined)
        {
            await Task.WhenAll(Enumerable.Range(0, Pipelined).Select(_ => database.ExecuteAsync("XADD", key, "*", "p", Payload)));
        }

        for (var i = 0; i < groups; i++)
        {
            await database.ExecuteAsync("XGROUP", "CREATE", key, $"g{i}", "$");
        }
    }

    private static async Task<double> MeasureAsync(
        IConnectionMultiplexer connection, IDatabase database, string key, Func<string, IEnumerable<Task>> append, int groups)
    {
        var cpu = await ServerCpu.ReadAsync(connection);
        for (var done = 0; done < Appends; done += Pipelined)
        {
            await Task.WhenAll(Enumerable.Range(0, Pipelined).SelectMany(_ => append(key)).ToArray());
            for (var group = 0; group < groups && done % 10_000 == 0; group++)
            {
                await database.ExecuteAsync("XGROUP", "SETID", key, $"g{group}", "$");
            }
        }

        return (await ServerCpu.ReadAsync(connection) - cpu) / Appends;
    }
}
