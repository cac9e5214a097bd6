using Resilience.Queues;

namespace Resilience.Systematic.Tests.Queues;

/// <summary>What is wrong with a store. Each must be found by the schedules.</summary>
internal enum QueueFault
{
    None,

    /// <summary>Nobody is told that there is work.</summary>
    NoWorkSignal,

    /// <summary>Nobody is told that there is space.</summary>
    NoSpaceSignal,

    /// <summary>A settlement with an old token is answered as if it counted.</summary>
    StaleCounts,

    /// <summary>Whoever finds nothing is told a time that is too late for the next look.</summary>
    LateNextDue,

    /// <summary>The bound is looked at before the add, and the answer of the add itself is not heeded.</summary>
    CheckThenAdd,
}

/// <summary>The store in memory with one planted fault.</summary>
internal sealed class FaultyStore(InMemoryQueueStore<string> inner, QueueFault fault) : IDelayedQueueStore<string>, IQueueSignals
{
    private IQueueSignals? _signals;

    public string Backend => inner.Backend;

    public ValueTask StartAsync(IQueueSignals signals, CancellationToken cancellationToken = default)
    {
        _signals = signals;
        return inner.StartAsync(this, cancellationToken);
    }

    public void WorkAvailable()
    {
        if (fault != QueueFault.NoWorkSignal)
        {
            _signals!.WorkAvailable();
        }
    }

    public void SpaceAvailable()
    {
        if (fault != QueueFault.NoSpaceSignal)
        {
            _signals!.SpaceAvailable();
        }
    }

    public void DeadLettersDropped(int count) => _signals!.DeadLettersDropped(count);

    public long MeasurePayload(string item) => inner.MeasurePayload(item);

    public async ValueTask EnqueueAsync(ReadOnlyMemory<NewMessage<string>> messages, Memory<EnqueueResult> results, CancellationToken cancellationToken = default)
    {
        if (fault == QueueFault.CheckThenAdd && (await inner.GetStatsAsync(cancellationToken)).Size < 2)
        {
            TestKit.Systematic.Schedule.Point("between the check and the add");
            await inner.EnqueueAsync(messages, results, cancellationToken);
            var size = (await inner.GetStatsAsync(cancellationToken)).Size;
            results.Span[0] = new EnqueueResult(EnqueueStatus.Accepted, new MessageKey("x"), size);
            return;
        }

        await inner.EnqueueAsync(messages, results, cancellationToken);
    }

    public async ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, Memory<ClaimedMessage<string>> buffer, CancellationToken cancellationToken = default)
    {
        var result = await inner.ClaimAsync(request, buffer, cancellationToken);
        return fault == QueueFault.LateNextDue ? result with { NextDue = result.NextDue + TimeSpan.FromSeconds(10) } : result;
    }

    public async ValueTask SettleAsync(ReadOnlyMemory<Settlement> settlements, Memory<SettlementOutcome> outcomes, CancellationToken cancellationToken = default)
    {
        await inner.SettleAsync(settlements, outcomes, cancellationToken);
        if (fault == QueueFault.StaleCounts)
        {
            outcomes.Span.Replace(SettlementOutcome.Stale, SettlementOutcome.Applied);
        }
    }

    public ValueTask ExtendAsync(ReadOnlyMemory<LeaseExtension> extensions, Memory<bool> results, CancellationToken cancellationToken = default) =>
        inner.ExtendAsync(extensions, results, cancellationToken);

    public ValueTask<bool> CancelAsync(string id, CancellationToken cancellationToken = default) => inner.CancelAsync(id, cancellationToken);

    public ValueTask<bool> RescheduleAsync(string id, TimeSpan delay, CancellationToken cancellationToken = default) => inner.RescheduleAsync(id, delay, cancellationToken);

    public ValueTask<CleanupBatch> CleanupAsync(CleanupRequest request, CancellationToken cancellationToken = default) => inner.CleanupAsync(request, cancellationToken);

    public ValueTask EndCleanupAsync(string owner, CancellationToken cancellationToken = default) => inner.EndCleanupAsync(owner, cancellationToken);

    public ValueTask<QueueStats> GetStatsAsync(CancellationToken cancellationToken = default) => inner.GetStatsAsync(cancellationToken);

    public ValueTask<IReadOnlyList<DeadLetter<string>>> ListDeadLettersAsync(long after, int limit, CancellationToken cancellationToken = default) =>
        inner.ListDeadLettersAsync(after, limit, cancellationToken);

    public ValueTask<RedriveStatus> RedriveAsync(string id, CancellationToken cancellationToken = default) => inner.RedriveAsync(id, cancellationToken);

    public ValueTask<long> PurgeAsync(string? id, CancellationToken cancellationToken = default) => inner.PurgeAsync(id, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
