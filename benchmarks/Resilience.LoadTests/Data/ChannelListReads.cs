using System.Data.Common;
using System.Globalization;
using System.Net;
using Npgsql;
using Resilience.Benchmarks;
using Resilience.TestKit;

namespace Resilience.LoadTests.Data;

/// <summary>The same list with one statement per channel, through EF Core, and through the batch loader, alternating.</summary>
internal sealed class ChannelListReads : ILoadTest
{
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(0.5);

    public string Question => "How long does a list of channels with member count, last message and unread count take through the batch loader, beside a Dapper loop and EF Core?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var rows = new List<ResultRow>();
        await using var server = await PostgreSqlServer.StartNewAsync();
        await using var database = await ChannelDatabase.CreateAsync(server);
        await using (var near = new ChannelReaders(database.DataSource, database.ConnectionString))
        {
            await MeasureAsync(rows, near, 10, "no delay", 60, cancellationToken);
            await MeasureAsync(rows, near, 100, "no delay", 40, cancellationToken);
            await MeasureAsync(rows, near, 1_000, "no delay", 25, cancellationToken);
            await MeasureAsync(rows, near, 10_000, "no delay", 5, cancellationToken);
        }

        await using var proxy = new TcpProxy(new IPEndPoint(IPAddress.Loopback, server.Port));
        proxy.ToServer.Delay = RoundTrip;
        var far = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Host = "127.0.0.1", Port = proxy.Port };
        await using var source = NpgsqlDataSource.Create(far.ConnectionString);
        var trip = await TripAsync(source, cancellationToken) - await TripAsync(database.DataSource, cancellationToken);
        await using var distant = new ChannelReaders(source, far.ConnectionString);
        await MeasureAsync(rows, distant, 100, "delaying proxy", 20, cancellationToken);
        await MeasureAsync(rows, distant, 1_000, "delaying proxy", 8, cancellationToken);

        return new LoadTestResult(
            rows,
            "PostgreSQL on the same machine; 10,000 channels with 10 messages and 5 members each. Rounds alternate (60, 40, 25 and 5 for 10, 100, 1,000 and 10,000 channels; 20 and 8 behind the proxy); all give the same rows. EF Core includes all members and messages, because a list of what an Include brings is what it can count.",
            string.Create(CultureInfo.InvariantCulture, $"The proxy holds what goes to the server back for {RoundTrip.TotalMilliseconds} ms; a round trip through it takes {trip:0.00} ms more than one without."),
            $"The loop's statement, run for each channel:{Environment.NewLine}{Environment.NewLine}{await ChannelDatabase.ExplainAsync(database.DataSource, ChannelDatabase.One, ("id", 500), ("user", ChannelDatabase.User))}",
            $"The loader's, run once for 1,000 channels:{Environment.NewLine}{Environment.NewLine}{await ChannelDatabase.ExplainAsync(database.DataSource, ChannelDatabase.Many, ("ids", Enumerable.Range(1, 1_000).ToArray()), ("user", ChannelDatabase.User))}");
    }

    private static async Task<double> TripAsync(DbDataSource source, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT 1";
        var times = new Times();
        for (var i = 0; i < 200; i++)
        {
            await times.AddAsync(() => command.ExecuteScalarAsync(cancellationToken));
        }

        return times.P50;
    }

    private static async Task MeasureAsync(List<ResultRow> rows, ChannelReaders readers, int count, string where, int rounds, CancellationToken cancellationToken)
    {
        var expected = await ChannelReaders.LoopAsync(readers.Services, count, cancellationToken);
        var ways = new List<(string Name, Func<Task<List<ChannelRow>>> Read, Times Times)>
        {
            ("Dapper loop", () => ChannelReaders.LoopAsync(readers.Services, count, cancellationToken), new()),
            ("EF Core Include, split query", () => readers.IncludeAsync(count, split: true), new()),
            ("EF Core projection", () => readers.ProjectionAsync(count), new()),
            ("Resilience loader", () => ChannelReaders.LoaderAsync(readers.Services, count, cancellationToken), new()),
        };
        if (count <= 1_000)
        {
            ways.Insert(1, ("EF Core Include, one query", () => readers.IncludeAsync(count, split: false), new()));
        }

        var statements = new Dictionary<string, int>();
        foreach (var (name, read, _) in ways)
        {
            // Warms up, counts and compares.
            using var scope = readers.Monitor.BeginScope("list");
            var list = await read();
            statements[name] = scope.Count;
            if (!list.SequenceEqual(expected))
            {
                throw new InvalidOperationException($"{name} gives another list.");
            }
        }

        for (var round = 0; round < rounds; round++)
        {
            foreach (var (_, read, times) in ways)
            {
                await times.AddAsync(read);
            }
        }

        var loop = ways[0].Times;
        foreach (var (name, _, times) in ways)
        {
            rows.Add(new($"{name}, {count:N0} channels, {where}, p50", times.P50, "ms/list", times.P50 / loop.P50));
            rows.Add(new($"{name}, {count:N0} channels, {where}, p95", times.P95, "ms/list", times.P95 / loop.P95));
            rows.Add(new($"{name}, {count:N0} channels, {where}, statements", statements[name], "statements/list", (double)statements[name] / statements["Dapper loop"]));
        }
    }
}
