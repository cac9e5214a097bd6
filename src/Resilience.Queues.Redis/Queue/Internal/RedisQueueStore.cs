using System.Globalization;
using Resilience.Shared;
using StackExchange.Redis;

namespace Resilience.Queues.Redis;

/// <summary>
/// The queue on Redis. Every operation is one script that reads the server's clock, so nodes need no common time, and no operation can be half done. Thread-safe.
/// </summary>
internal sealed partial class RedisQueueStore<T> : IDelayedQueueStore<T>
{
    private const string WorkHint = "w";
    private static readonly RedisValue[] NoArguments = [];

    private readonly string _name;
    private readonly DelayedQueueOptions _options;
    private readonly RedisLink _link;
    private readonly RedisQueueKeys _keys;
    private readonly ScriptLibrary _scripts;
    private readonly IRedisQueueSerializer<T> _serializer;
    private IQueueSignals? _signals;
    private Func<Task>? _unsubscribe;

    public RedisQueueStore(DelayedQueueContext context, RedisLink link, RedisQueueKeys keys, IRedisQueueSerializer<T> serializer, ScriptLibrary scripts)
    {
        _name = context.Name;
        _options = context.Options;
        _link = link;
        _keys = keys;
        _serializer = serializer;
        _scripts = scripts;
    }

    public string Backend => "redis";

    public async ValueTask StartAsync(IQueueSignals signals, CancellationToken cancellationToken = default)
    {
        var format = (int)await RunAsync("version", [_keys.Version], [RedisQueueKeys.Format]).ConfigureAwait(Systematic.KeepContext);
        if (format > RedisQueueKeys.Format)
        {
            throw new InvalidOperationException(
                $"The queue '{_name}' on Redis has format {format} and this node knows format {RedisQueueKeys.Format}; update Resilience.Queues.Redis here.");
        }

        _signals = signals;
        _unsubscribe = await _link.SubscribeAsync(_keys.Channel, Hinted, Restored).ConfigureAwait(Systematic.KeepContext);
    }

    /// <summary>Unknown before the item is written; <see cref="EnqueueAsync"/> checks it.</summary>
    public long MeasurePayload(T item) => -1;

    public async ValueTask EnqueueAsync(ReadOnlyMemory<NewMessage<T>> messages, Memory<EnqueueResult> results, CancellationToken cancellationToken = default)
    {
        var arguments = new RedisValue[2 + (3 * messages.Length)];
        arguments[0] = _options.MaxSize;
        arguments[1] = _keys.Channel;
        for (var i = 0; i < messages.Length; i++)
        {
            var message = messages.Span[i];
            var (body, bytes) = MessageBody.Write(message, _serializer);
            if (bytes > _options.MaxPayloadBytes)
            {
                throw new PayloadTooLargeException(bytes, _options.MaxPayloadBytes);
            }

            arguments[2 + (3 * i)] = message.Id ?? NewId();
            arguments[3 + (3 * i)] = Microseconds(message.Delay);
            arguments[4 + (3 * i)] = body;
        }

        var reply = (RedisResult[]?)await RunAsync("enqueue", _keys.All, arguments).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) ?? [];
        for (var i = 0; i < results.Length; i++)
        {
            var status = (int)reply[2 * i] switch { 0 => EnqueueStatus.Accepted, 1 => EnqueueStatus.Duplicate, _ => EnqueueStatus.Full };
            results.Span[i] = new EnqueueResult(status, status == EnqueueStatus.Full ? default : new MessageKey((string)arguments[2 + (3 * i)]!), (long)reply[(2 * i) + 1]);
        }
    }

    public async ValueTask<bool> CancelAsync(string id, CancellationToken cancellationToken = default) =>
        (int)await RunAsync("cancel", _keys.All, [id, _options.MaxSize, _keys.Channel, -1]).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) == 1;

    public async ValueTask<bool> RescheduleAsync(string id, TimeSpan delay, CancellationToken cancellationToken = default) =>
        (int)await RunAsync("cancel", _keys.All, [id, _options.MaxSize, _keys.Channel, Microseconds(delay)])
            .WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) == 1;

    public async ValueTask<QueueStats> GetStatsAsync(CancellationToken cancellationToken = default)
    {
        var reply = (RedisResult[]?)await RunAsync("stats", _keys.All, NoArguments).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) ?? [];
        var (size, ready, leased) = ((long)reply[0], (long)reply[1], (long)reply[2]);
        return new QueueStats(size, ready, Math.Max(0, size - ready - leased), leased, (long)reply[3], Duration((long)reply[4]), (long)reply[5]);
    }

    public async ValueTask DisposeAsync()
    {
        _signals = null;
        if (Interlocked.Exchange(ref _unsubscribe, null) is not { } unsubscribe)
        {
            return;
        }

#pragma warning disable CA1031 // The connection may be gone, and with it the subscription.
        try
        {
            await unsubscribe().ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception)
        {
            // Nothing is left to end.
        }
#pragma warning restore CA1031
    }

    private static string NewId() => string.Create(CultureInfo.InvariantCulture, $"{MessageKey.GeneratedPrefix}{Guid.CreateVersion7():N}");

    /// <summary>Rounded up, so that nothing is early.</summary>
    private static long Microseconds(TimeSpan time) => (time.Ticks + TimeSpan.TicksPerMicrosecond - 1) / TimeSpan.TicksPerMicrosecond;

    private static TimeSpan Duration(long microseconds) => TimeSpan.FromTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    private static DateTimeOffset Instant(long microseconds) => DateTimeOffset.UnixEpoch + Duration(microseconds);

    private Task<RedisResult> RunAsync(string script, RedisKey[] keys, RedisValue[] arguments)
    {
        Systematic.Interleave("redis.script");
        return _link.ScriptAsync(_scripts.Get(script), keys, arguments).AsTask();
    }

    private void Hinted(string hint)
    {
        if (hint == WorkHint)
        {
            _signals?.WorkAvailable();
        }
        else
        {
            _signals?.SpaceAvailable();
        }
    }

    /// <summary>Hints may have been lost while the connection was.</summary>
    private void Restored()
    {
        _signals?.WorkAvailable();
        _signals?.SpaceAvailable();
    }
}
