using Resilience.Shared;
using StackExchange.Redis;

namespace Resilience.Queues.Redis;

internal sealed partial class RedisQueueStore<T>
{
    private const int ClaimHead = 4;
    private const int ClaimFields = 3;

    public async ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, Memory<ClaimedMessage<T>> buffer, CancellationToken cancellationToken = default)
    {
        var reply = (RedisResult[]?)await RunAsync(
            "claim",
            _keys.All,
            [
                request.Max, Microseconds(request.Visibility), request.AllowSuspect ? 1 : 0, _options.MaxDeliveries, _options.MaxDeadLetters,
                Microseconds(_options.SettledIdRetention), _options.MaxSettledIds, _options.MaxSize, _keys.Channel,
            ]).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) ?? [];
        var now = (long)reply[0];
        Dropped((int)reply[2]);
        var next = (long)reply[3];
        var count = (reply.Length - ClaimHead) / ClaimFields;
        for (var i = 0; i < count; i++)
        {
            buffer.Span[i] = Read(reply.AsSpan(ClaimHead + (i * ClaimFields), ClaimFields), now);
        }

        return new ClaimResult(count, (int)reply[1], next < 0 ? null : Duration(next));
    }

    public async ValueTask SettleAsync(ReadOnlyMemory<Settlement> settlements, Memory<SettlementOutcome> outcomes, CancellationToken cancellationToken = default)
    {
        const int head = 6;
        const int acknowledgement = 3;
        const int other = 6;
        var length = head;
        foreach (var settlement in settlements.Span)
        {
            length += settlement.Kind == SettlementKind.Acknowledge ? acknowledgement : other;
        }

        var arguments = new RedisValue[length];
        arguments[0] = _options.MaxRetries;
        arguments[1] = _options.MaxDeadLetters;
        arguments[2] = Microseconds(_options.SettledIdRetention);
        arguments[3] = _options.MaxSettledIds;
        arguments[4] = _options.MaxSize;
        arguments[5] = _keys.Channel;
        var at = head;
        foreach (var settlement in settlements.Span)
        {
            arguments[at] = settlement.Key.ToString();
            arguments[at + 1] = settlement.Token;
            arguments[at + 2] = (int)settlement.Kind;
            if (settlement.Kind == SettlementKind.Acknowledge)
            {
                at += acknowledgement;
                continue;
            }

            arguments[at + 3] = Microseconds(settlement.Delay);
            arguments[at + 4] = (int)settlement.Reason;
            arguments[at + 5] = settlement.Error is null ? "-" : "+" + settlement.Error;
            at += other;
        }

        var reply = (RedisResult[]?)await RunAsync("settle", _keys.All, arguments).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) ?? [];
        Dropped((int)reply[0]);
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes.Span[i] = (SettlementOutcome)(int)reply[i + 1];
        }
    }

    public async ValueTask ExtendAsync(ReadOnlyMemory<LeaseExtension> extensions, Memory<bool> results, CancellationToken cancellationToken = default)
    {
        var arguments = new RedisValue[3 * extensions.Length];
        for (var i = 0; i < extensions.Length; i++)
        {
            var extension = extensions.Span[i];
            arguments[3 * i] = extension.Key.ToString();
            arguments[(3 * i) + 1] = extension.Token;
            arguments[(3 * i) + 2] = Microseconds(extension.By);
        }

        var reply = (RedisResult[]?)await RunAsync("extend", _keys.All, arguments).WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) ?? [];
        for (var i = 0; i < results.Length; i++)
        {
            results.Span[i] = (int)reply[i] == 1;
        }
    }

    private ClaimedMessage<T> Read(ReadOnlySpan<RedisResult> fields, long now)
    {
        var item = default(T)!;
        string? traceParent = null;
        string? traceState = null;
        Exception? error = null;
#pragma warning disable CA1031 // A serializer may throw anything; the message becomes a dead letter with the text.
        try
        {
            item = MessageBody.Read((byte[]?)fields[2] ?? [], _serializer, out traceParent, out traceState);
        }
        catch (Exception e)
        {
            error = e;
        }
#pragma warning restore CA1031

        var state = PackedState.Read((byte[]?)fields[1]);
        return new ClaimedMessage<T>
        {
            Key = new MessageKey((string)fields[0]!),
            Token = state.Token,
            Item = item,
            Failures = state.Failures,
            Deliveries = state.Deliveries,
            IsSuspect = state.IsSuspect,
            EnqueuedAt = Instant(state.EnqueuedAt),
            DueAt = Instant(state.Due),
            Lateness = Duration(Math.Max(0, now - state.Due)),
            TraceParent = traceParent,
            TraceState = traceState,
            DecodeError = error,
        };
    }

    private void Dropped(int count)
    {
        if (count > 0)
        {
            _signals?.DeadLettersDropped(count);
        }
    }
}
