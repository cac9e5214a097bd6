namespace Resilience.Queues;

internal sealed partial class InMemoryQueueStore<T>
{
    public ValueTask SettleAsync(ReadOnlyMemory<Settlement> settlements, Memory<SettlementOutcome> outcomes, CancellationToken cancellationToken = default)
    {
        var wake = false;
        bool freed;
        int dropped;
        var from = settlements.Span;
        var to = outcomes.Span;
        lock (_gate)
        {
            var now = Now;
            var wasFull = Size >= _options.MaxSize;
            var before = _deadDropped;
            for (var i = 0; i < from.Length; i++)
            {
                to[i] = Settle(from[i], now, ref wake);
            }

            dropped = (int)(_deadDropped - before);
            freed = wasFull && Size < _options.MaxSize;
        }

        Signal(wake, freed, dropped);
        return ValueTask.CompletedTask;
    }

    public ValueTask ExtendAsync(ReadOnlyMemory<LeaseExtension> extensions, Memory<bool> results, CancellationToken cancellationToken = default)
    {
        var from = extensions.Span;
        var to = results.Span;
        lock (_gate)
        {
            var now = Now;
            for (var i = 0; i < from.Length; i++)
            {
                var slot = FindLease(from[i].Key, from[i].Token);
                to[i] = slot != None;
                if (slot != None)
                {
                    _index.Update(slot, now + from[i].By.Ticks, _entries[slot].Sequence);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    private SettlementOutcome Settle(in Settlement settlement, long now, ref bool wake)
    {
        var slot = FindLease(settlement.Key, settlement.Token);
        if (slot == None)
        {
            return SettlementOutcome.Stale;
        }

        ref var entry = ref _entries[slot];
        switch (settlement.Kind)
        {
            case SettlementKind.Acknowledge:
                Remember(entry.Id, now);
                Free(slot);
                return SettlementOutcome.Applied;
            case SettlementKind.Release:
                entry.Deliveries--;
                EndLease(ref entry);
                wake |= MakeVisible(slot, ref entry, entry.Due);
                return SettlementOutcome.Applied;
            case SettlementKind.DeadLetter:
                entry.Failures++;
                Kill(slot, settlement.Reason, settlement.Error, now);
                return SettlementOutcome.DeadLettered;
            case SettlementKind.Retry:
                entry.Failures++;
                if (entry.Failures > _options.MaxRetries)
                {
                    Kill(slot, DeadLetterReason.Failures, settlement.Error, now);
                    return SettlementOutcome.DeadLettered;
                }

                AddToHistory(ref entry, settlement.Error, now);
                entry.IsSuspect = false;
                EndLease(ref entry);
                wake |= MakeVisible(slot, ref entry, now + settlement.Delay.Ticks);
                return SettlementOutcome.Applied;
            default:
                throw new ArgumentOutOfRangeException(nameof(settlement), settlement.Kind, "Unknown kind of settlement.");
        }
    }

    /// <summary>The slot of a lease whose token is the current one. A lease that ran out is current until a claim has noticed.</summary>
    private int FindLease(in MessageKey key, long token)
    {
        var slot = Find(key);
        return slot != None && token != 0 && _entries[slot].Token == token ? slot : None;
    }

    private void AddToHistory(ref Entry entry, string? error, long now)
    {
        if (error is null)
        {
            return;
        }

        var history = entry.History ??= [];
        if (history.Count == MaxHistory)
        {
            history.RemoveAt(0);
        }

        history.Add(new DeliveryFailure(ToUtc(now), error));
    }

    /// <summary>Remembers the id of a message that left, where its sender gave one.</summary>
    private void Remember(string? id, long now)
    {
        if (id is not null && id[0] != MessageKey.GeneratedPrefix)
        {
            _settled.Add(id, now);
        }
    }
}
