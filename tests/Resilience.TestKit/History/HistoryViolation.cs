namespace Resilience.TestKit.History;

/// <summary>The rules of the checker.</summary>
public enum HistoryRule
{
    /// <summary>Within a connection, each delivery follows the one before it.</summary>
    Contiguity = 1,

    /// <summary>A new connection goes on where the client stands, and what the client processed is one contiguous sequence.</summary>
    Continuation = 2,

    /// <summary>What is delivered was published, with that content, at that place.</summary>
    NoPhantom = 3,

    /// <summary>At rest, every open session has the last entry.</summary>
    NoLostTail = 4,

    /// <summary>A reset needs a reason that the log or a limit gave.</summary>
    HonestReset = 5,

    /// <summary>After a new connection of a session is accepted, the old one delivers nothing.</summary>
    Fencing = 6,

    /// <summary>The log keeps the publishers' order and has no holes.</summary>
    LogOrder = 7,

    /// <summary>Published = processed + covered by a reset + outstanding.</summary>
    Accounting = 8,
}

/// <summary>What kind of fault it is.</summary>
public enum HistoryFault
{
    /// <summary>Something was left out.</summary>
    Gap,

    /// <summary>Something came twice.</summary>
    Duplicate,

    /// <summary>Something came too late.</summary>
    Reorder,

    /// <summary>Another epoch without a reset.</summary>
    EpochMixed,

    /// <summary>Something that nobody published.</summary>
    Phantom,

    /// <summary>The last entries never came.</summary>
    LostTail,

    /// <summary>A reset without a reason.</summary>
    NeedlessReset,

    /// <summary>A connection that was replaced still delivers.</summary>
    Stale,

    /// <summary>A wrong position at the start of a connection.</summary>
    WrongStart,

    /// <summary>The log itself is at fault.</summary>
    Log,

    /// <summary>The sums differ.</summary>
    Unbalanced,
}

/// <summary>One broken rule.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Fault">The kind of fault.</param>
/// <param name="Index">Index of the event that shows it.</param>
/// <param name="Message">What is wrong.</param>
public sealed record HistoryViolation(HistoryRule Rule, HistoryFault Fault, int Index, string Message)
{
    /// <inheritdoc />
    public override string ToString() => $"R{(int)Rule} {Rule}, {Fault} at event {Index}: {Message}";
}

/// <summary>Thrown when a history breaks a rule.</summary>
public sealed class HistoryViolatedException(IReadOnlyList<HistoryViolation> violations, IReadOnlyList<HistoryEvent> events)
    : Exception($"{string.Join(Environment.NewLine, violations)}{Environment.NewLine}History:{Environment.NewLine}" +
        string.Join(Environment.NewLine, events.Select(static (e, i) => $"  {i,4}  {e}")))
{
    /// <summary>The violations.</summary>
    public IReadOnlyList<HistoryViolation> Violations { get; } = violations;
}
