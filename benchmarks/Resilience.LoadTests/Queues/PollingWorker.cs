using StackExchange.Redis;

namespace Resilience.LoadTests.Queues;

/// <summary>What one would write by hand on Redis: a sorted set by due time, and a worker that asks for what is due at a fixed interval.</summary>
internal sealed class PollingWorker(IDatabase database, TimeSpan interval)
{
    private const string Key = "polled";

    private const string Take = """
        local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1000)
        if #due > 0 then
          redis.call('ZREM', KEYS[1], unpack(due))
        end
        return due
        """;

    public async Task<List<double>> RunAsync(QueueLateness.Sending sending, CancellationToken cancellationToken)
    {
        await database.KeyDeleteAsync(Key);
        var late = new List<double>();
        var receiving = Task.Run(
            async () =>
            {
                using var timer = new PeriodicTimer(interval, TimeProvider.System);
                while (late.Count < sending.Count && await timer.WaitForNextTickAsync(cancellationToken))
                {
                    var due = (RedisResult[])await database.ScriptEvaluateAsync(Take, [Key], [TimeProvider.System.GetTimestamp()]);
                    late.AddRange(due.Select(static one => QueueLateness.Sending.LatenessOf(BitConverter.ToInt64((byte[])one))));
                }
            },
            cancellationToken);
        await sending.RunAsync((due, _) => database.SortedSetAddAsync(Key, BitConverter.GetBytes(due), due), cancellationToken);
        await receiving;
        return late;
    }
}
