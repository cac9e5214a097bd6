using Microsoft.Extensions.Logging;
using Resilience.Shared;
using StackExchange.Redis;

namespace Resilience.Data.Redis;

/// <summary>
/// Hearing other nodes. Messages are lossy: whenever the connection comes back, everything local is to go, once more when the subscription is surely in place.
/// </summary>
internal sealed partial class RedisSharedCacheStore
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopped = new();

    private TimeProvider Clock => time;

    private ILogger Logger => logger;

    private RedisConnection Connection => connection;

    public IDisposable Subscribe(Action<SharedInvalidation> handler)
    {
        var subscription = new Subscription(this, handler);
        _ = Systematic.Start(subscription.RunAsync);
        return subscription;
    }

    public void Dispose()
    {
        _stopped.Cancel();
        _stopped.Dispose();
        connection.Dispose();
    }

    private sealed class Subscription(RedisSharedCacheStore store, Action<SharedInvalidation> handler) : IDisposable
    {
        private static readonly SharedInvalidation Reset = new([], [], IsReset: true);

        private IConnectionMultiplexer? _client;
        private volatile bool _ended;
        private int _lost;
        private int _confirming;

        public async Task RunAsync()
        {
            while (!_ended)
            {
                try
                {
                    _client = await store.Connection.GetAsync().ConfigureAwait(Systematic.KeepContext);
                    _client.ConnectionRestored += Restored;
                    _client.ConnectionFailed += Failed;
                    await _client.GetSubscriber().SubscribeAsync(new RedisChannel(store._channel, RedisChannel.PatternMode.Literal), Hear).ConfigureAwait(Systematic.KeepContext);
                    if (_ended)
                    {
                        // It was disposed while it subscribed, and had nothing to take back then.
                        Detach();
                    }

                    InPlace();
                    return;
                }
                catch (Exception exception)
                {
                    Detach();
                    Lost(exception);
                    if (!await PauseAsync().ConfigureAwait(Systematic.KeepContext))
                    {
                        return;
                    }
                }
            }
        }

        public void Dispose()
        {
            _ended = true;

            // Either this sees the client that is being subscribed to, or the subscriber sees the end.
            Interlocked.MemoryBarrier();
            Detach();
        }

        private async Task<bool> PauseAsync()
        {
            try
            {
                await Task.Delay(RetryDelay, store.Clock, store._stopped.Token).ConfigureAwait(Systematic.KeepContext);
                return true;
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return false;
            }
        }

        private void Hear(RedisChannel channel, RedisValue message)
        {
            if (!_ended && InvalidationMessage.Unpack(message, store._self) is { } invalidation)
            {
                handler(invalidation);
            }
        }

        private void Failed(object? sender, ConnectionFailedEventArgs args) => Lost(args.Exception);

        private void Restored(object? sender, ConnectionFailedEventArgs args)
        {
            handler(Reset);
            if (Interlocked.Exchange(ref _confirming, 1) == 0)
            {
                _ = Systematic.Start(ConfirmAsync);
            }
        }

        /// <summary>Asks until the subscription answers: the client may tell of one connection's return while the subscription's own is still down.</summary>
        private async Task ConfirmAsync()
        {
            do
            {
                try
                {
                    await _client!.GetSubscriber().PingAsync().ConfigureAwait(Systematic.KeepContext);
                    Volatile.Write(ref _confirming, 0);
                    InPlace();
                    return;
                }
                catch (Exception exception)
                {
                    Lost(exception);
                }
            }
            while (!_ended && await PauseAsync().ConfigureAwait(Systematic.KeepContext));
        }

        private void InPlace()
        {
            if (_ended)
            {
                return;
            }

            handler(Reset);
            if (Interlocked.Exchange(ref _lost, 0) == 1)
            {
                RedisDataLog.Subscribed(store.Logger);
            }
        }

        private void Lost(Exception? exception)
        {
            if (!_ended && Interlocked.Exchange(ref _lost, 1) == 0)
            {
                RedisDataLog.SubscriptionLost(store.Logger, exception);
            }
        }

        private void Detach()
        {
            if (_client is { } client)
            {
                client.ConnectionRestored -= Restored;
                client.ConnectionFailed -= Failed;
                client.GetSubscriber().Unsubscribe(new RedisChannel(store._channel, RedisChannel.PatternMode.Literal), Hear, CommandFlags.FireAndForget);
            }
        }
    }
}
