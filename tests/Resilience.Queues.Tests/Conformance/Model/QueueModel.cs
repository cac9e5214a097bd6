namespace Resilience.Queues.Conformance.Model;

/// <summary>
/// What a queue should do, written for reading: lists that are sorted when somebody asks. The stores must give the same answers to the same operations.
/// </summary>
internal sealed class QueueModel(DelayedQueueOptions options)
{
    private readonly List<ModelEntry> _entries = [];
    private readonly List<ModelDead> _dead = [];
    private readonly List<(string Id, long Until)> _settled = [];
    private long _sequence;
    private int _delivery;

    public long Now { get; private set; }

    public int Size => _entries.Count;

    public IReadOnlyList<ModelDead> Dead => _dead;

    public void Advance(long milliseconds) => Now += milliseconds;

    public EnqueueStatus Enqueue(string item, long delay, string? id)
    {
        if (id is not null && (_entries.Any(entry => entry.Id == id) || _settled.Any(one => one.Id == id && one.Until > Now)))
        {
            return EnqueueStatus.Duplicate;
        }

        if (_entries.Count >= options.MaxSize)
        {
            return EnqueueStatus.Full;
        }

        _entries.Add(new ModelEntry { Item = item, Id = id, Sequence = ++_sequence, Visible = Now + delay });
        return EnqueueStatus.Accepted;
    }

    public (List<ModelDelivery> Deliveries, int Dead, long? NextDue) Claim(int max, long visibility, bool allowSuspect)
    {
        var deliveries = new List<ModelDelivery>();
        var dead = 0;
        while (deliveries.Count < max)
        {
            var next = _entries.Where(entry => entry.Visible <= Now && (allowSuspect || !entry.IsQuarantined))
                .OrderBy(static entry => entry.Visible)
                .ThenBy(static entry => entry.Sequence)
                .FirstOrDefault();
            if (next is null)
            {
                break;
            }

            if (!next.IsQuarantined && (next.Delivery != 0 || next.IsSuspect))
            {
                (next.Delivery, next.IsSuspect, next.IsQuarantined) = (0, true, true);
            }
            else if (next.Deliveries >= options.MaxDeliveries)
            {
                Kill(next, DeadLetterReason.Deliveries);
                dead++;
            }
            else
            {
                allowSuspect &= !next.IsQuarantined;
                deliveries.Add(Lease(next, visibility));
            }
        }

        var nextDue = deliveries.Count == max ? 0 : _entries.Where(entry => allowSuspect || !entry.IsQuarantined).Min(entry => (long?)Math.Max(0, entry.Visible - Now));
        return (deliveries, dead, nextDue);
    }

    public SettlementOutcome Settle(int delivery, SettlementKind kind, long delay, DeadLetterReason reason, string? error)
    {
        var entry = _entries.FirstOrDefault(one => one.Delivery == delivery);
        if (entry is null)
        {
            return SettlementOutcome.Stale;
        }

        switch (kind)
        {
            case SettlementKind.Acknowledge:
                _entries.Remove(entry);
                Remember(entry);
                return SettlementOutcome.Applied;
            case SettlementKind.Release:
                entry.Deliveries--;
                (entry.Delivery, entry.Visible) = (0, entry.DueBeforeLease);
                return SettlementOutcome.Applied;
            default:
                entry.Failures++;
                AddHistory(entry, error);
                if (kind == SettlementKind.DeadLetter || entry.Failures > options.MaxRetries)
                {
                    Kill(entry, kind == SettlementKind.DeadLetter ? reason : DeadLetterReason.Failures);
                    return SettlementOutcome.DeadLettered;
                }

                (entry.Delivery, entry.IsSuspect, entry.Visible) = (0, false, Now + delay);
                return SettlementOutcome.Applied;
        }
    }

    public bool Extend(int delivery, long by)
    {
        var entry = _entries.FirstOrDefault(one => one.Delivery == delivery);
        if (entry is null)
        {
            return false;
        }

        entry.Visible = Now + by;
        return true;
    }

    public string? ItemOf(string id) => _entries.FirstOrDefault(entry => entry.Id == id)?.Item;

    public bool Cancel(string item) => FindNotLeased(item) is { } entry && _entries.Remove(entry);

    public bool Reschedule(string item, long delay)
    {
        if (FindNotLeased(item) is not { } entry)
        {
            return false;
        }

        entry.IsSuspect |= entry.Delivery != 0;
        (entry.Delivery, entry.IsQuarantined, entry.Visible) = (0, false, Now + delay);
        return true;
    }

    public (int Removed, int Remaining) Cleanup(long ttl, int max)
    {
        // What lies in the index goes first, then what lies in the quarantine.
        var expired = Expired(ttl).OrderBy(static entry => entry.IsQuarantined).ThenBy(static entry => entry.Visible).ThenBy(static entry => entry.Sequence);
        var removed = expired.Take(max).ToList();
        removed.ForEach(entry => Kill(entry, DeadLetterReason.Expired));
        return (removed.Count, Expired(ttl).Count());
    }

    public RedriveStatus Redrive(int index)
    {
        var dead = _dead[index];
        if (dead.Entry.Id is not null && _entries.Any(entry => entry.Id == dead.Entry.Id))
        {
            return RedriveStatus.Duplicate;
        }

        if (_entries.Count >= options.MaxSize)
        {
            return RedriveStatus.Full;
        }

        _dead.RemoveAt(index);
        var entry = new ModelEntry { Item = dead.Entry.Item, Id = dead.Entry.Id, Sequence = ++_sequence, Visible = Now };
        entry.History.AddRange(dead.Entry.History);
        _entries.Add(entry);
        return RedriveStatus.Redriven;
    }

    public void Purge(int index) => _dead.RemoveAt(index);

    public int PurgeAll()
    {
        var count = _dead.Count;
        _dead.Clear();
        return count;
    }

    public QueueStats Stats()
    {
        var ready = _entries.Count(entry => entry.Visible <= Now);
        var leased = _entries.Count(static entry => entry.Delivery != 0);
        var oldest = _entries.Where(entry => entry.Visible <= Now).Select(static entry => entry.Visible).DefaultIfEmpty(Now).Min();
        return new QueueStats(
            _entries.Count, ready, Math.Max(0, _entries.Count - ready - leased), leased, _dead.Count, TimeSpan.FromMilliseconds(Now - oldest));
    }

    private ModelDelivery Lease(ModelEntry entry, long visibility)
    {
        var lateness = Now - entry.Visible;
        entry.DueBeforeLease = entry.Visible;
        entry.Visible = Now + visibility;
        entry.IsQuarantined = false;
        entry.Deliveries++;
        entry.Delivery = ++_delivery;
        return new ModelDelivery(entry.Item, entry.Delivery, entry.Failures, entry.Deliveries, entry.IsSuspect, lateness);
    }

    private ModelEntry? FindNotLeased(string item) =>
        _entries.FirstOrDefault(entry => entry.Item == item && (entry.Delivery == 0 || entry.Visible <= Now));

    private IEnumerable<ModelEntry> Expired(long ttl) => _entries.Where(entry => entry.Visible < Now - ttl);

    private static void AddHistory(ModelEntry entry, string? error)
    {
        if (error is not null)
        {
            entry.History.Add(error);
        }
    }

    private void Kill(ModelEntry entry, DeadLetterReason reason)
    {
        _entries.Remove(entry);
        Remember(entry);
        _dead.RemoveAll(dead => entry.Id is not null && dead.Entry.Id == entry.Id);
        _dead.Add(new ModelDead(entry, reason));
        if (_dead.Count > options.MaxDeadLetters)
        {
            _dead.RemoveAt(0);
        }
    }

    private void Remember(ModelEntry entry)
    {
        if (entry.Id is null)
        {
            return;
        }

        var until = Now + (long)options.SettledIdRetention.TotalMilliseconds;
        _settled.RemoveAll(one => one.Until <= Now || one.Id == entry.Id);
        _settled.Add((entry.Id, until));
        if (_settled.Count > options.MaxSettledIds)
        {
            _settled.RemoveAt(0);
        }
    }
}
