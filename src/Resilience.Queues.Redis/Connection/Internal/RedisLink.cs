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

    /// <summary>Subscribes to a channel. The client subscribes again after a reconnection. What is returned ends this subscription and no other of the connection's.</summary>
    public async ValueTask<Func<Task>> SubscribeAsync(string channel, Action<string> received, Action restored)
    {
        var connection = await ConnectAsync().ConfigureAwait(Systematic.KeepContext);
        var literal = new RedisChannel(channel, RedisChannel.PatternMode.Literal);
        Action<RedisChannel, RedisValue> handler = (_, value) => received((string?)value ?? "");
        EventHandler<ConnectionFailedEventArgs> again = (_, _) => restored();
        await connection.GetSubscriber().SubscribeAsync(literal, handler).WaitAsync(timeout, time).ConfigureAwait(Systematic.KeepContext);

        // Last, so that an attempt that fails leaves no handler behind.
        connection.ConnectionRestored += again;
        return () =>
        {
            connection.ConnectionRestored -= again;
            return connection.GetSubscriber().UnsubscribeAsync(literal, handler).WaitAsync(timeout, time);
        };
    }

    private Task<IConnectionMultiplexer> ConnectAsync() => connect();
}
