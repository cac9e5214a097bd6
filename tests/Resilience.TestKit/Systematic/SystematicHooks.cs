namespace Resilience.TestKit.Systematic;

/// <summary>Connects the packages' switch for tests to the explorer.</summary>
public static class SystematicHooks
{
    /// <summary>
    /// Turns the switch on and sets its hooks. Call it from a module initializer, before any type of a package is touched: the packages read it once.
    /// </summary>
    public static void Install()
    {
        AppContext.SetSwitch("Resilience.Systematic", true);
        AppContext.SetData("Resilience.Systematic.Interleave", (Action<string>)ScheduleExplorer.Interleave);
        AppContext.SetData("Resilience.Systematic.Start", (Func<Func<Task>, Task>)ScheduleExplorer.StartBackground);
    }
}
