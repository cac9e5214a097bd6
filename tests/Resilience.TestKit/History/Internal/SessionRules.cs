namespace Resilience.TestKit.History.Internal;

/// <summary>What each client sees: R1 to R6 and R8.</summary>
internal sealed class SessionRules(LogRules log, List<HistoryViolation> violations)
{
    private readonly Dictionary<string, SessionState> _sessions = [];
    private readonly Dictionary<string, long> _oldest = [];
    private readonly List<string> _epochs = [];

    public void Apply(int index, HistoryEvent happened)
    {
        switch (happened)
        {
            case HistoryEvent.Trimmed e:
                _oldest[e.Oldest.Epoch] = Math.Max(_oldest.GetValueOrDefault(e.Oldest.Epoch, 1), e.Oldest.Offset);
                break;
            case HistoryEvent.EpochChanged e:
                _epochs.Add(e.Epoch);
                break;
            case HistoryEvent.LimitReached e:
                _sessions[e.Session].LimitReached = true;
                break;
            case HistoryEvent.Opened e:
                Open(index, e);
                break;
            case HistoryEvent.Delivered e:
                Deliver(index, e);
                break;
            case HistoryEvent.Processed e:
                Process(index, e);
                break;
            case HistoryEvent.Reset e:
                Reset(index, e);
                break;
            case HistoryEvent.Closed e:
                _sessions[e.Session].Connections[e.Generation].Open = false;
                break;
            case HistoryEvent.AtRest e:
                Rest(index, e);
                break;
        }
    }

    /// <summary>R8: over its whole life, each client has each entry it passed once, or was told of it.</summary>
    public void Finish(int index)
    {
        foreach (var (name, session) in _sessions)
        {
            var epochs = session.Processed.Concat(session.Covered).Append(session.Client).Select(static p => p.Epoch).Distinct();
            foreach (var epoch in epochs)
            {
                var from = epoch == session.Start.Epoch ? session.Start.Offset : 0;
                var through = session.Processed.Concat(session.Covered).Append(session.Client)
                    .Where(p => p.Epoch == epoch).Max(static p => p.Offset);
                var published = log.CountBetween(new StreamPosition(epoch, from), through);
                var had = session.Processed.Union(session.Covered).Count(p => p.Epoch == epoch && p.Offset > from && log.Holds(p));
                if (published != had)
                {
                    Broken(HistoryRule.Accounting, HistoryFault.Unbalanced, index, $"{name} passed {published} entries of epoch {epoch} and knows of {had}");
                }
            }
        }
    }

    private void Open(int index, HistoryEvent.Opened e)
    {
        if (!_sessions.TryGetValue(e.Session, out var session))
        {
            session = _sessions[e.Session] = new SessionState(e.From);
        }
        else if (e.From != session.Client)
        {
            Broken(HistoryRule.Continuation, HistoryFault.WrongStart, index, $"{e.Session} goes on after {e.From}, the client stands at {session.Client}");
        }

        session.Newest = Math.Max(session.Newest, e.Generation);
        session.Connections[e.Generation] = new ConnectionState(e.From);
    }

    private void Deliver(int index, HistoryEvent.Delivered e)
    {
        var session = _sessions[e.Session];
        var connection = session.Connections[e.Generation];
        if (e.Generation < session.Newest)
        {
            Broken(HistoryRule.Fencing, HistoryFault.Stale, index, $"{e.Session} got {e.At} from connection {e.Generation} after connection {session.Newest} was accepted");
        }

        if (!log.MayHold(e.At, e.Hash))
        {
            Broken(HistoryRule.NoPhantom, HistoryFault.Phantom, index, $"{e.Session} got {e.At} with content {e.Hash}, which was not published there");
        }

        if (e.At != connection.Last.Next)
        {
            var fault = e.At.Epoch != connection.Last.Epoch ? HistoryFault.EpochMixed
                : e.At.Offset > connection.Last.Offset ? HistoryFault.Gap
                : connection.Delivered.Contains(e.At) ? HistoryFault.Duplicate
                : HistoryFault.Reorder;
            Broken(HistoryRule.Contiguity, fault, index, $"{e.Session} got {e.At} after {connection.Last}");
        }

        connection.Delivered.Add(e.At);
        if (e.At.Epoch != connection.Last.Epoch || e.At.Offset > connection.Last.Offset)
        {
            connection.Last = e.At;
        }
    }

    private void Process(int index, HistoryEvent.Processed e)
    {
        var session = _sessions[e.Session];
        if (!session.Processed.Add(e.At))
        {
            Broken(HistoryRule.Continuation, HistoryFault.Duplicate, index, $"{e.Session} processed {e.At} twice");
        }
        else if (e.At != session.Client.Next)
        {
            Broken(HistoryRule.Continuation, HistoryFault.Gap, index, $"{e.Session} processed {e.At} after {session.Client}");
        }

        session.Client = e.At;
    }

    private void Reset(int index, HistoryEvent.Reset e)
    {
        var session = _sessions[e.Session];
        var connection = session.Connections[e.Generation];
        var from = connection.Last;
        var justified = session.LimitReached
            || (e.To.Epoch != from.Epoch && _epochs.Contains(e.To.Epoch))
            || _oldest.GetValueOrDefault(from.Epoch, 1) > from.Offset + 1;
        if (!justified)
        {
            Broken(HistoryRule.HonestReset, HistoryFault.NeedlessReset, index, $"{e.Session} was reset from {from} to {e.To} ({e.Reason}) although nothing was gone");
        }

        var covered = e.To.Epoch == from.Epoch ? from.Offset : 0;
        for (var offset = covered + 1; offset <= e.To.Offset; offset++)
        {
            session.Covered.Add(e.To with { Offset = offset });
        }

        connection.Last = e.To;
        session.Client = e.To;
    }

    private void Rest(int index, HistoryEvent.AtRest e)
    {
        foreach (var (name, session) in _sessions)
        {
            var newest = session.Connections[session.Newest];
            if (newest.Open && newest.Last != e.Head)
            {
                Broken(HistoryRule.NoLostTail, HistoryFault.LostTail, index, $"{name} stands at {newest.Last}, the log ends at {e.Head}");
            }
        }
    }

    private void Broken(HistoryRule rule, HistoryFault fault, int index, string message) => violations.Add(new(rule, fault, index, message));
}
