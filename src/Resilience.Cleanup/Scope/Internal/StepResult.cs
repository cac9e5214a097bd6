namespace Resilience.Cleanup;

/// <summary>How one asynchronous step ended.</summary>
internal readonly record struct StepResult(Exception? Exception, bool TimedOut)
{
    public static readonly StepResult Succeeded;

    public static readonly StepResult GivenUp = new(null, TimedOut: true);

    public void AddTo(ref StepTally tally, in Step step, TimeSpan waited)
    {
        if (TimedOut)
        {
            tally.GiveUp(step, waited > TimeSpan.Zero ? waited : TimeSpan.Zero);
        }
        else if (Exception is not null)
        {
            tally.Fail(step, Exception);
        }
        else
        {
            tally.Succeeded++;
        }
    }
}
