using Resilience.Shared;
using StackExchange.Redis;

namespace Resilience.Queues.Redis;

/// <summary>
/// Connections by their configuration, one for all who name the same. Thread-safe; the lock guards the table. A connection that could not be made is made anew by
/// the next caller; one that was made reconnects by itself.
/// </summary>
internal sealed class RedisConnections : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task<IConnectionMultiplexer>> _connections = new(StringComparer.Ordinal);
    private bool _disposed;

    public Task<IConnectionMultiplexer> GetAsync(string configuration)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_connections.TryGetValue(configuration, out var connection) || connection.IsFaulted || connection.IsCanceled)
            {
                connection = Task.Run(() => OpenAsync(configuration));
                _connections[configuration] = connection;
            }

            return connection;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task<IConnectionMultiplexer>[] all;
        lock (_gate)
        {
            _disposed = true;
            all = [.. _connections.Values];
            _connections.Clear();
        }

        foreach (var connection in all)
        {
            await ((Task)connection).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | (Systematic.KeepContext ? ConfigureAwaitOptions.ContinueOnCapturedContext : 0));
            if (connection.IsCompletedSuccessfully)
            {
                (await connection.ConfigureAwait(Systematic.KeepContext)).Dispose();
            }
        }
    }

    private static async Task<IConnectionMultiplexer> OpenAsync(string configuration)
    {
        var options = ConfigurationOptions.Parse(configuration);

        // A service starts without its server and connects when it comes.
        options.AbortOnConnectFail = false;
        return await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(Systematic.KeepContext);
    }
}
