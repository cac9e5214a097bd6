namespace Resilience.Data;

/// <summary>What the commands of a scope are measured against.</summary>
public sealed record QueryBudget
{
    /// <summary>Gets how many statements the scope may run.</summary>
    /// <value>Default: no limit.</value>
    public int? MaxQueries { get; init; }

    /// <summary>Gets how often a statement must run to be an N+1 pattern or a duplicate.</summary>
    /// <value>Default: <see cref="QueryMonitorOptions.MinRepeats"/>.</value>
    public int? MinRepeats { get; init; }

    /// <summary>Gets the time that the repeats must take together.</summary>
    /// <value>Default: <see cref="QueryMonitorOptions.MinRepeatTime"/>.</value>
    public TimeSpan? MinRepeatTime { get; init; }

    /// <summary>
    /// Gets a value indicating whether the commands are kept with their parameters, for <c>IndexAssert</c>. For tests: captured values stay in memory with the scope.
    /// </summary>
    /// <value>Default false. At most 10,000 commands are kept.</value>
    public bool Capture { get; init; }
}
