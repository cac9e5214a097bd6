namespace Resilience.TestKit;

/// <summary>Runs a scenario again and again with one fault, at its first step, its second, and so on to the last: fault injection at every step of a protocol.</summary>
public static class FaultSweep
{
    private const int DefaultMaxSteps = 1_000;

    /// <summary>Sweeps. The scenario handles the fault as its callers would (retries, recovery) and asserts its invariants at the end.</summary>
    /// <param name="kinds">The kinds of faults; each is tried at each step.</param>
    /// <param name="scenario">A complete run with fresh state; its steps go through the script.</param>
    /// <param name="maxSteps">More steps than a run can have: a scenario that never ends without a fault is a defect.</param>
    /// <returns>Number of runs that met their fault.</returns>
    /// <exception cref="InvalidOperationException">A run failed: the message names step and kind. Or no step ever went through the script: such a sweep cannot fail.</exception>
    public static async Task<int> RunAsync(IReadOnlyList<FaultKind> kinds, Func<FaultScript, Task> scenario, int maxSteps = DefaultMaxSteps)
    {
        ArgumentNullException.ThrowIfNull(kinds);
        ArgumentNullException.ThrowIfNull(scenario);
        var hits = 0;
        foreach (var kind in kinds)
        {
            var step = 0;
            while (await MeetsAsync(scenario, step, kind).ConfigureAwait(false))
            {
                hits++;
                if (++step > maxSteps)
                {
                    throw new InvalidOperationException($"The scenario still goes on after {maxSteps} steps.");
                }
            }
        }

        return hits > 0 ? hits : throw new InvalidOperationException("No step of the scenario went through the script: nothing was tested.");
    }

    /// <summary>Runs once; false when the run had ended before the step was reached.</summary>
    private static async Task<bool> MeetsAsync(Func<FaultScript, Task> scenario, int step, FaultKind kind)
    {
        var script = new FaultScript().OnCall(step, kind);
        try
        {
            await scenario(script).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            var calls = script.Calls;
            var at = step < calls.Count ? $"step {step} ({calls[step]}), {kind}" : $"no fault reached; {kind} was meant for step {step}";
            throw new InvalidOperationException($"Failed with {at}: {e.Message}{Environment.NewLine}Steps: {string.Join(", ", calls)}", e);
        }

        return script.Calls.Count > step;
    }
}
