using Resilience.Queues;

namespace Resilience.LoadTests.Queues;

/// <summary>Enqueue, claim and acknowledge on a server: each caller one batch after the other.</summary>
internal static class RedisCycles
{
    public const int PayloadBytes = 200;

    /// <returns>Full cycles per second, of all callers together.</returns>
    public static async Task<double> RunAsync(IDelayedQueue<byte[]> queue, int batch, int cycles, int callers = 1)
    {
        var began = TimeProvider.System.GetTimestamp();
        var acknowledged = (await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => CallAsync(queue, batch, cycles / callers)))).Sum();
        var rate = cycles / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        return acknowledged == cycles ? rate : throw new InvalidOperationException($"{acknowledged} of {cycles} messages were acknowledged.");
    }

    private static async Task<int> CallAsync(IDelayedQueue<byte[]> queue, int batch, int cycles)
    {
        var payload = new byte[PayloadBytes];
        var requests = Enumerable.Range(0, batch).Select(_ => new EnqueueRequest<byte[]>(payload)).ToArray();
        var acknowledged = 0;
        for (var done = 0; done < cycles; done += batch)
        {
            await queue.EnqueueBatchAsync(requests);
            acknowledged += await queue.AcknowledgeAsync(await queue.ClaimAsync(batch, TimeSpan.Zero));
        }

        return acknowledged;
    }
}
