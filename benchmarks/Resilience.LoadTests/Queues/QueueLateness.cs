using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Benchmarks;
using Resilience.Queues;
using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.LoadTests.Queues;

/// <summary>How late messages come when 1,000 a second are due, beside workers that poll.</summary>
internal sealed class QueueLateness : ILoadTest
{
    private const int PerSecond = 1000;
    private const int Rounds = 2;

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Portion = TimeSpan.FromMilliseconds(10);
    private static readonly double[] Shares = [0.5, 0.99];
    private static readonly TimeSpan[] Polls = [TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1)];

    public string Question => "1,000 messages are due every second: how late do they come, in memory and on Redis, beside a worker that polls?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var memory = QueueHosts.InMemory(1_000_000);
        await using var redis = QueueHosts.Redis(server.Configuration, "bench");
        using var connection = await ConnectionMultiplexer.ConnectAsync(server.Configuration);
        var cases = new List<(string Name, Func<Sending, CancellationToken, Task<List<double>>> Run)>
        {
            ("Resilience.Queues in memory", (sending, stop) => QueueAsync(memory.GetRequiredService<IDelayedQueue<object>>(), sending, stop)),
            ("Resilience.Queues.Redis", (sending, stop) => QueueAsync(redis.GetRequiredService<IDelayedQueue<byte[]>>(), sending, stop)),
        };
        foreach (var poll in Polls)
        {
            cases.Insert(0, ($"Worker that polls a sorted set on Redis every {poll.TotalMilliseconds:N0} ms", (sending, stop) => new PollingWorker(connection.GetDatabase(), poll).RunAsync(sending, stop)));
        }

        var late = cases.ToDictionary(static one => one.Name, static _ => new List<double>());
        for (var round = -1; round < Rounds; round++)
        {
            foreach (var (name, run) in cases)
            {
                var figures = await run(new Sending(round < 0 ? Length / 5 : Length), cancellationToken);
                late[name].AddRange(round < 0 ? [] : figures);
            }
        }

        var baseline = At(late[cases[^3].Name], 0.99);
        var rows = cases.SelectMany(one => Shares.Select(share => new ResultRow(
            string.Create(CultureInfo.InvariantCulture, $"{one.Name}, p{share * 100:0}"), At(late[one.Name], share), "ms late", share > 0.9 ? At(late[one.Name], share) / baseline : null)));
        return new LoadTestResult(
            [.. rows],
            $"{Rounds} alternating rounds of {Length.TotalSeconds:N0} s for each case; the baseline is the p99 of the quicker poll. Measured by the receiver from before the enqueue, so the way to the store counts as lateness. Client and server on one machine, whose timers take about 4 ms.",
            "The poller takes up to 1,000 due messages at a time with a script and acknowledges nothing.");
    }

    private static double At(List<double> values, double share) => values.Order().ElementAt((int)(values.Count * share));

    private static async Task<List<double>> QueueAsync<T>(IDelayedQueue<T> queue, Sending sending, CancellationToken cancellationToken)
    {
        var late = new List<double>();
        var receiving = Task.Run(
            async () =>
            {
                while (late.Count < sending.Count)
                {
                    var deliveries = await queue.ClaimAsync(100, Timeout.InfiniteTimeSpan, cancellationToken);
                    late.AddRange(deliveries.Select(static one => Sending.LatenessOf(Read(one.Item))));
                    await queue.AcknowledgeAsync(deliveries, cancellationToken);
                }
            },
            cancellationToken);
        await sending.RunAsync(
            (due, delay) => queue.EnqueueAsync(Write<T>(due), new EnqueueOptions { Delay = delay }, cancellationToken).AsTask(), cancellationToken);
        await receiving;
        return late;
    }

    private static T Write<T>(long due) => typeof(T) == typeof(byte[]) ? (T)(object)BitConverter.GetBytes(due) : (T)(object)due;

    private static long Read<T>(T item) => item is byte[] bytes ? BitConverter.ToInt64(bytes) : (long)(object)item!;

    /// <summary>An even stream of messages, each due half a second to a second and a half later.</summary>
    internal sealed class Sending(TimeSpan length)
    {
        private readonly Random _random = new(1);

        public int Count { get; } = (int)(length.TotalSeconds * PerSecond);

        public static double LatenessOf(long due) => TimeProvider.System.GetElapsedTime(due).TotalMilliseconds;

        public async Task RunAsync(Func<long, TimeSpan, Task> send, CancellationToken cancellationToken)
        {
            var began = TimeProvider.System.GetTimestamp();
            for (var sent = 0; sent < Count;)
            {
                var goal = Math.Min(Count, (int)(TimeProvider.System.GetElapsedTime(began).TotalSeconds * PerSecond));
                var portion = Enumerable.Range(sent, goal - sent).Select(_ =>
                {
                    var delay = TimeSpan.FromMilliseconds(500 + (1000 * _random.NextDouble()));
                    return send(TimeProvider.System.GetTimestamp() + (long)(delay.TotalSeconds * TimeProvider.System.TimestampFrequency), delay);
                }).ToArray();
                await Task.WhenAll(portion);
                sent = goal;
                await Task.Delay(Portion, TimeProvider.System, cancellationToken);
            }
        }
    }
}
