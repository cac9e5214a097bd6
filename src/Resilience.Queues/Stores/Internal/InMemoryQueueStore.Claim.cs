using Resilience.Shared;

namespace Resilience.Queues;

internal sealed partial class InMemoryQueueStore<T>
{
    public ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, Memory<ClaimedMessage<T>> buffer, CancellationToken cancellationToken = default)
    {
        ClaimResult result;
        int dropped;
        bool freed;
        lock (_gate)
        {
            var wasFull = Size >= _options.MaxSize;
            var before = _deadDropped;
            result = Claim(request, buffer.Span, Now);
            dropped = (int)(_deadDropped - before);
            freed = wasFull && Size < _options.MaxSize;
        }

        Signal(work: false, freed, dropped);
        return new(result);
    }

    private ClaimResult Claim(in ClaimRequest request, Span<ClaimedMessage<T>> buffer, long now)
    {
        var suspectAllowed = request.AllowSuspect;
        var taken = 0;
        var dead = 0;
        for (var steps = 0; taken < request.Max && steps < MaxStepsPerClaim; steps++)
        {
            var slot = Next(now, suspectAllowed, out var quarantined);
            if (slot == None)
            {
                break;
            }

            ref var entry = ref _entries[slot];
            if (!quarantined && (entry.Token != 0 || entry.IsSuspect))
            {
                Quarantine(slot, ref entry);
            }
            else if (entry.Deliveries >= _options.MaxDeliveries)
            {
                Kill(slot, DeadLetterReason.Deliveries, error: null, now);
                dead++;
            }
            else
            {
                buffer[taken++] = Lease(slot, ref entry, now, request.Visibility.Ticks);
                suspectAllowed &= !quarantined;
            }
        }

        return new ClaimResult(taken, dead, taken == request.Max ? TimeSpan.Zero : NextDue(now, suspectAllowed));
    }

    /// <summary>The first due entry of the index and, where a suspect may be taken, of the quarantine: one order over both.</summary>
    private int Next(long now, bool suspectAllowed, out bool quarantined)
    {
        var slot = None;
        var due = long.MaxValue;
        if (_index.Count > 0)
        {
            slot = _index.Peek(out due);
            slot = due <= now ? slot : None;
        }

        quarantined = false;
        if (suspectAllowed && _quarantine.Count > 0)
        {
            var suspect = _quarantine.Peek(out var suspectDue);
            quarantined = slot == None || suspectDue < due || (suspectDue == due && _entries[suspect].Sequence < _entries[slot].Sequence);
            slot = quarantined ? suspect : slot;
        }

        return slot;
    }

    private void Quarantine(int slot, ref Entry entry)
    {
        entry.Due = _index.DueOf(slot);
        entry.IsSuspect = true;
        EndLease(ref entry);
        _index.Remove(slot);
        _quarantine.Insert(slot, entry.Due, entry.Sequence);
    }

    private ClaimedMessage<T> Lease(int slot, ref Entry entry, long now, long visibility)
    {
        Systematic.Assert(entry.Due <= now, "nothing is delivered early");
        Systematic.Assert(entry.Token == 0, "an entry has one lease at most");
        entry.Token = ++_lastToken;
        entry.Deliveries++;
        _leased++;
        if (_quarantine.Contains(slot))
        {
            _quarantine.Remove(slot);
            _index.Insert(slot, now + visibility, entry.Sequence);
        }
        else
        {
            _index.Update(slot, now + visibility, entry.Sequence);
        }

        return new ClaimedMessage<T>
        {
            Key = entry.Key(slot),
            Token = entry.Token,
            Item = entry.Item,
            Failures = entry.Failures,
            Deliveries = entry.Deliveries,
            IsSuspect = entry.IsSuspect,
            EnqueuedAt = ToUtc(entry.EnqueuedAt),
            DueAt = ToUtc(entry.Due),
            Lateness = TimeSpan.FromTicks(now - entry.Due),
            TraceParent = entry.TraceParent,
            TraceState = entry.TraceState,
        };
    }

    private TimeSpan? NextDue(long now, bool suspectAllowed)
    {
        if (suspectAllowed && _quarantine.Count > 0)
        {
            return TimeSpan.Zero;
        }

        if (_index.Count == 0)
        {
            return null;
        }

        _index.Peek(out var due);
        return TimeSpan.FromTicks(Math.Max(0, due - now));
    }
}
