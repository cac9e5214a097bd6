namespace Resilience.Cleanup;

/// <summary>
/// What a close did. Every caller of <see cref="CleanupScope.CleanupAsync"/> gets the same one. Immutable, so it may be shared between threads.
/// </summary>
public readonly record struct CleanupReport
{
    private readonly IReadOnlyList<CleanupFailure>? _failures;

    internal CleanupReport(bool isCompleted, CleanupReason reason, in StepTally tally, TimeSpan duration)
    {
        IsCompleted = isCompleted;
        Reason = reason;
        Succeeded = tally.Succeeded;
        Failed = tally.Failed;
        TimedOut = tally.TimedOut;
        Late = tally.Late;
        Duration = duration;
        _failures = tally.Failures;
    }

    /// <summary>
    /// Whether the close has ended. False only for a call that came from inside one of the scope's own steps: it gets the state so far instead of waiting for itself.
    /// </summary>
    public bool IsCompleted { get; }

    /// <summary>The reason given by the caller that won.</summary>
    public CleanupReason Reason { get; }

    /// <summary>Steps that were run, however they ended, those run early by <see cref="CleanupHandle.RunNowAsync"/> included.</summary>
    public int Steps => Succeeded + Failed + TimedOut;

    /// <summary>Steps that ended without an error.</summary>
    public int Succeeded { get; }

    /// <summary>Steps that threw.</summary>
    public int Failed { get; }

    /// <summary>Steps that were given up because their time was over; their end is observed and counted in the metrics.</summary>
    public int TimedOut { get; }

    /// <summary>How many of <see cref="Steps"/> were registered after closing had begun and ended before it was over.</summary>
    public int Late { get; }

    /// <summary>From the start of the close to its end.</summary>
    public TimeSpan Duration { get; }

    /// <summary>The steps that failed or timed out, in the order in which that happened.</summary>
    public IReadOnlyList<CleanupFailure> Failures => _failures ?? [];

    /// <summary>
    /// The failures as an exception: the one itself, several as an <see cref="AggregateException"/>, <see langword="null"/> when there is none.
    /// </summary>
    public Exception? ToException() => Failures.Count switch
    {
        0 => null,
        1 => Failures[0].Exception,
        _ => new AggregateException(Failures.Select(static f => f.Exception)),
    };
}
