namespace Resilience.TestKit.History.Internal;

/// <summary>What the log holds (R7), and the questions the other rules ask of it.</summary>
internal sealed class LogRules(List<HistoryViolation> violations)
{
    private readonly Dictionary<StreamPosition, long> _hashes = [];
    private readonly Dictionary<long, (long Hash, Dictionary<string, long> Before)> _invoked = [];
    private readonly Dictionary<string, long> _confirmed = [];
    private readonly HashSet<long> _unknown = [];

    public void Collect(IReadOnlyList<HistoryEvent> events)
    {
        for (var i = 0; i < events.Count; i++)
        {
            switch (events[i])
            {
                case HistoryEvent.PublishInvoked e:
                    _invoked[e.Id] = (e.Hash, new Dictionary<string, long>(_confirmed));
                    _unknown.Add(e.Id);
                    break;
                case HistoryEvent.PublishConfirmed e:
                    _unknown.Remove(e.Id);
                    Confirm(i, e);
                    break;
                case HistoryEvent.PublishFailed e:
                    _unknown.Remove(e.Id);
                    break;
            }
        }

        Holes(events.Count - 1);
    }

    /// <summary>Whether this content may stand at this place: it is known to, or an unconfirmed publication may be there.</summary>
    public bool MayHold(StreamPosition at, long hash) =>
        _hashes.TryGetValue(at, out var known) ? known == hash : _unknown.Any(id => _invoked[id].Hash == hash);

    /// <summary>Entries known to be in the log between two places, the first excluded.</summary>
    public long CountBetween(StreamPosition after, long through)
    {
        var count = 0L;
        for (var offset = after.Offset + 1; offset <= through; offset++)
        {
            count += _hashes.ContainsKey(after with { Offset = offset }) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Whether a publication is confirmed to be at this place.</summary>
    public bool Holds(StreamPosition at) => _hashes.ContainsKey(at);

    private void Confirm(int index, HistoryEvent.PublishConfirmed e)
    {
        var invocation = _invoked[e.Id];
        if (!_hashes.TryAdd(e.At, invocation.Hash))
        {
            violations.Add(new(HistoryRule.LogOrder, HistoryFault.Log, index, $"two publications at {e.At}"));
        }

        if (invocation.Before.TryGetValue(e.At.Epoch, out var before) && e.At.Offset <= before)
        {
            violations.Add(new(HistoryRule.LogOrder, HistoryFault.Log, index, $"{e.At} was published after {e.At.Epoch}:{before} had been confirmed"));
        }

        _confirmed[e.At.Epoch] = Math.Max(_confirmed.GetValueOrDefault(e.At.Epoch), e.At.Offset);
    }

    private void Holes(int index)
    {
        foreach (var (epoch, highest) in _confirmed)
        {
            var missing = highest - CountBetween(new StreamPosition(epoch, 0), highest);
            if (missing > _unknown.Count)
            {
                violations.Add(new(HistoryRule.LogOrder, HistoryFault.Log, index, $"{missing} entries of epoch {epoch} were never published"));
            }
        }
    }
}
