using System.Buffers.Binary;
using System.Text;
using Resilience.Shared;
using StackExchange.Redis;

namespace Resilience.Queues.Redis;

internal sealed partial class RedisQueueStore<T>
{
    private const int DeadFields = 9;

    // A cleaner that dies is followed by another after this time.
    private const int CleanupLockMilliseconds = 30_000;

    public async ValueTask<CleanupBatch> CleanupAsync(CleanupRequest request, CancellationToken cancellationToken = default)
    {
        var reply = (RedisResult[]?)await RunAsync(
            "cleanup",
            _keys.WithLock,
            [
                request.Owner, CleanupLockMilliseconds, Microseconds(request.Ttl), request.Max, _options.MaxDeadLetters,
                Microseconds(_options.SettledIdRetention), _options.MaxSettledIds, _options.MaxSize, _keys.Channel,
            ]).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) ?? [];
        Dropped((int)reply[3]);
        return new CleanupBatch((int)reply[0] == 1, (int)reply[1], (long)reply[2]);
    }

    public async ValueTask EndCleanupAsync(string owner, CancellationToken cancellationToken = default) =>
        await RunAsync("unlock", _keys.WithLock, [owner]).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);

    public async ValueTask<IReadOnlyList<DeadLetter<T>>> ListDeadLettersAsync(long after, int limit, CancellationToken cancellationToken = default)
    {
        var reply = (RedisResult[]?)await RunAsync("dead_list", _keys.All, [after, limit]).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) ?? [];
        var list = new List<DeadLetter<T>>(reply.Length / DeadFields);
        for (var at = 0; at < reply.Length; at += DeadFields)
        {
            list.Add(ReadDead(reply.AsSpan(at, DeadFields)));
        }

        return list;
    }

    public async ValueTask<RedriveStatus> RedriveAsync(string id, CancellationToken cancellationToken = default) =>
        (int)await RunAsync("dead_redrive", _keys.All, [id, _options.MaxSize, _keys.Channel]).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) switch
        {
            0 => RedriveStatus.Redriven,
            1 => RedriveStatus.NotFound,
            2 => RedriveStatus.Full,
            _ => RedriveStatus.Duplicate,
        };

    public async ValueTask<long> PurgeAsync(string? id, CancellationToken cancellationToken = default) =>
        (long)await RunAsync("dead_purge", _keys.All, id is null ? NoArguments : [id]).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);

    private DeadLetter<T> ReadDead(ReadOnlySpan<RedisResult> fields)
    {
        var item = default(T);
        var hasItem = true;
#pragma warning disable CA1031 // What cannot be read is listed all the same; that may be why it is here.
        try
        {
            item = MessageBody.Read((byte[]?)fields[7] ?? [], _serializer, out _, out _);
        }
        catch (Exception)
        {
            hasItem = false;
        }
#pragma warning restore CA1031

        return new DeadLetter<T>
        {
            Id = (string)fields[0]!,
            Number = (long)fields[1],
            Item = item,
            HasItem = hasItem,
            Reason = (DeadLetterReason)(int)fields[2],
            DiedAt = Instant((long)fields[3]),
            Failures = (int)fields[4],
            Deliveries = (int)fields[5],
            EnqueuedAt = Instant((long)fields[6]),
            History = ReadHistory((byte[]?)fields[8] ?? []),
        };
    }

    /// <summary>Each entry: when as a double, the length of the text as four bytes, the text.</summary>
    private static List<DeliveryFailure> ReadHistory(ReadOnlySpan<byte> history)
    {
        const int head = 12;
        var list = new List<DeliveryFailure>();
        while (history.Length >= head)
        {
            var at = (long)BinaryPrimitives.ReadDoubleBigEndian(history);
            var length = BinaryPrimitives.ReadInt32BigEndian(history[8..]);
            list.Add(new DeliveryFailure(Instant(at), Encoding.UTF8.GetString(history.Slice(head, length))));
            history = history[(head + length)..];
        }

        return list;
    }
}
