namespace Resilience.TestKit.Systematic;

/// <summary>Why a schedule failed.</summary>
public enum ScheduleFailureKind
{
    /// <summary>An exception or a failed assertion in the test or in a task of it.</summary>
    Exception,

    /// <summary>Nothing can run any more, no timer is pending, and the test has not ended.</summary>
    Deadlock,

    /// <summary>The bound on steps was reached: tasks run, but the test does not end.</summary>
    Livelock,

    /// <summary>A continuation came from a thread outside the explorer, so the schedule cannot be replayed exactly.</summary>
    Escape,

    /// <summary>A step blocked its thread for real.</summary>
    Blocked,
}

/// <summary>One schedule that failed, with everything needed to see it again.</summary>
/// <param name="Strategy">The strategy in use.</param>
/// <param name="Seed">The seed; the same seed takes the same steps.</param>
/// <param name="Kind">The kind of failure.</param>
/// <param name="Message">What happened.</param>
/// <param name="Exception">The exception, where there was one.</param>
/// <param name="Steps">Number of scheduling decisions until then.</param>
/// <param name="TraceHash">Equal for two runs that took the same steps.</param>
/// <param name="Trace">The last steps, one a line.</param>
public sealed record ScheduleFailure(
    ScheduleStrategy Strategy,
    long Seed,
    ScheduleFailureKind Kind,
    string Message,
    Exception? Exception,
    int Steps,
    ulong TraceHash,
    string Trace)
{
    /// <inheritdoc />
    public override string ToString() =>
        $"""
        {Kind} in the schedule with seed {Seed} ({Strategy}, {Steps} steps): {Message}
        See it again with {ScheduleExplorer.SeedVariable}={Seed}, or Replay({nameof(ScheduleStrategy)}.{Strategy}, {Seed}, ...).
        {Exception}
        Trace:
        {Trace}
        """;
}

/// <summary>Thrown by <see cref="ScheduleExplorer.Verify"/>: the first schedule that failed.</summary>
public sealed class ScheduleFailedException(ScheduleFailure failure, string text) : Exception(text, failure.Exception)
{
    /// <summary>The failure.</summary>
    public ScheduleFailure Failure { get; } = failure;
}
