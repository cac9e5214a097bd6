using Resilience.TestKit.History.Internal;

namespace Resilience.TestKit.History;

/// <summary>
/// Checks "no loss, no duplicate, in order, and honest about what is gone" over a recorded history. The log gives a total order, so one pass over the events
/// (and one over the log's entries) is enough. Stateless.
/// </summary>
public static class HistoryChecker
{
    /// <summary>Checks all rules and returns what is broken, in the order of the events.</summary>
    /// <param name="events">The history.</param>
    public static IReadOnlyList<HistoryViolation> Check(IReadOnlyList<HistoryEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        var violations = new List<HistoryViolation>();
        var log = new LogRules(violations);
        log.Collect(events);
        var sessions = new SessionRules(log, violations);
        for (var i = 0; i < events.Count; i++)
        {
            sessions.Apply(i, events[i]);
        }

        sessions.Finish(events.Count - 1);
        return violations.Count < 2 ? violations : [.. violations.OrderBy(static v => v.Index)];
    }
}
