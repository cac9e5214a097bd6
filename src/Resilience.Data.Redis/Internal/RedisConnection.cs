using Resilience.Shared;
using StackExchange.Redis;

namespace Resilience.Data.Redis;

/// <summary>
/// The client, connected when it is first needed, and its own or the application's. Thread-safe: the lock guards the attempt to connect. A failed attempt is made
/// again by the next caller.
/// </summary>
internal sealed class RedisConnection(string? configuration, Func<IConnectionMultiplexer> registered) : IDisposable
{
    private readonly Lock _lock = new();
    private Task<IConnectionMultiplexer>? _connecting;
    private bool _disposed;

    public Task<IConnectionMultiplexer> GetAsync()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_connecting is null || _connecting.IsFaulted || _connecting.IsCanceled)
            {
                _connecting = configuration is null ? Task.FromResult(registered()) : Systematic.Enabled ? ConnectAsync(configuration) : Task.Run(() => ConnectAsync(configuration));
            }

            return _connecting;
        }
    }

    public async ValueTask<IDatabase> DatabaseAsync() => (await GetAsync().ConfigureAwait(Systematic.KeepContext)).GetDatabase();

    public void Dispose()
    {
        Task<IConnectionMultiplexer>? connecting;
        lock (_lock)
        {
            _disposed = true;
            connecting = _connecting;
        }

        if (configuration is not null)
        {
            // It may still be connecting; the client is then closed when it is there.
            _ = connecting?.ContinueWith(static task => task.GetAwaiter().GetResult().Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        }
    }

    private static async Task<IConnectionMultiplexer> ConnectAsync(string configuration)
    {
        // A server that is down at start is waited for in the background, as one that goes down later.
        var options = ConfigurationOptions.Parse(configuration);
        options.AbortOnConnectFail = false;
        return await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(Systematic.KeepContext);
    }
}
