namespace Resilience.TestKit.History;

/// <summary>Collects events in one total order. Thread-safe; the lock guards the list and nothing is called while it is held.</summary>
public sealed class HistoryRecorder
{
    private readonly Lock _lock = new();
    private readonly List<HistoryEvent> _events = [];

    /// <summary>What was recorded until now, in order.</summary>
    public IReadOnlyList<HistoryEvent> Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>Appends an event.</summary>
    /// <param name="happened">The event.</param>
    public void Add(HistoryEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        lock (_lock)
        {
            _events.Add(happened);
        }
    }

    /// <summary>Checks all rules.</summary>
    public IReadOnlyList<HistoryViolation> Check() => HistoryChecker.Check(Events);

    /// <summary>Throws when a rule is broken.</summary>
    /// <exception cref="HistoryViolatedException">The text names each violation and ends with the history.</exception>
    public void ShouldHold()
    {
        var violations = Check();
        if (violations.Count > 0)
        {
            throw new HistoryViolatedException(violations, Events);
        }
    }
}
