namespace Resilience.Cleanup;

/// <summary>How the steps of a scope ended. Mutable and not shared: the close has its own, and what runs beside it adds to the scope's under the lock.</summary>
internal struct StepTally
{
    public int Succeeded;
    public int Failed;
    public int TimedOut;
    public int Late;
    public List<CleanupFailure>? Failures;

    public void Fail(in Step step, Exception exception)
    {
        Failed++;
        (Failures ??= []).Add(new CleanupFailure(step.DisplayName, exception, TimedOut: false));
    }

    public void GiveUp(in Step step, TimeSpan timeout)
    {
        TimedOut++;
        var exception = new TimeoutException($"The cleanup step '{step.DisplayName}' was given up after {timeout}; it goes on in the background.");
        (Failures ??= []).Add(new CleanupFailure(step.DisplayName, exception, TimedOut: true));
    }

    public void Add(in StepTally other)
    {
        Succeeded += other.Succeeded;
        Failed += other.Failed;
        TimedOut += other.TimedOut;
        Late += other.Late;
        if (other.Failures is not null)
        {
            (Failures ??= []).AddRange(other.Failures);
        }
    }
}
