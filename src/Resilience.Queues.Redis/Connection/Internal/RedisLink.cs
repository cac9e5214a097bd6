using Resilience.Shared;
using StackExchange.Redis;

namespace Resilience.Queues.Redis;

/// <summary>
/// All that this package asks of the client: scripts, commands, a subscription, and the news that a connection is back. Every call has a deadline of its own, for
/// an old client has none. Thread-safe.
/// </summary>
internal sealed class RedisLink(Func<Task<IConnectionMultiplexer>> connect, TimeSpan timeout, TimeProvider time)
{
    private const int MaxReloads = 3;

    public async ValueTask<RedisResult> ScriptAsync(string script, RedisKey[] keys, RedisValue[] arguments)
    {
        var database = (await ConnectAsync().ConfigureAwait(Systematic.KeepContext)).GetDatabase();
        for (var reload = 0; ; reload++)
        {
            try
            {
                return await database.ScriptEvaluateAsync(script, keys, arguments).WaitAsync(timeout, time).ConfigureAwait(Systematic.KeepContext);
            }
            catch (RedisServerException error) when (reload < MaxReloads && error.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
            {
                // The server forgot the script: it was restarted, or somebody flushed. Nothing was run; the client loads it again.
            }
        }
    }

    public async ValueTask<RedisResult> ExecuteAsync(string command, params object[] arguments)
    {
        var database = (await ConnectAsync().ConfigureAwait(Systematic.KeepContext)).GetDatabase();
        return await database.ExecuteAsync(command, arguments).WaitAsync(timeout, time).ConfigureAwait(Systematic.KeepContext);
    }

    /// <summary>Subscribes to a channel. The client subscribes again after a reconnection.</summary>
    public async ValueTask SubscribeAsync(string channel, Action<string> received, Action restored)
    {
        var connection = await ConnectAsync().ConfigureAwait(Systematic.KeepContext);
        await connection.GetSubscriber()
            .SubscribeAsync(new RedisChannel(channel, RedisChannel.PatternMode.Literal), (_, value) => received((string?)value ?? ""))
            .WaitAsync(timeout, time)
            .ConfigureAwait(Systematic.KeepContext);

        // Last, so that an attempt that fails leaves no handler behind.
        connection.ConnectionRestored += (_, _) => restored();
    }

    public async ValueTask UnsubscribeAsync(string channel)
    {
        var connection = await ConnectAsync().ConfigureAwait(Systematic.KeepContext);
        await connection.GetSubscriber()
            .UnsubscribeAsync(new RedisChannel(channel, RedisChannel.PatternMode.Literal))
            .WaitAsync(timeout, time)
            .ConfigureAwait(Systematic.KeepContext);
    }

    private Task<IConnectionMultiplexer> ConnectAsync() => connect();
}
