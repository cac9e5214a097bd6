namespace Resilience.Cleanup;

/// <summary>Names for those who subscribe to this package's telemetry. Instruments and events are listed on the package's page.</summary>
public static class CleanupTelemetryNames
{
    /// <summary>The meter.</summary>
    public const string Meter = "Resilience.Cleanup";

    /// <summary>Tag: why a scope was closed, or why cleanup ran on the caller.</summary>
    public const string ReasonTag = "reason";

    /// <summary>Tag: how a step ended (<c>succeeded</c>, <c>failed</c>, <c>timed_out</c>).</summary>
    public const string OutcomeTag = "outcome";

    /// <summary>Tag: the dispatcher's lane (<c>normal</c>, <c>low</c>), or the name of a coalescing lane as registered.</summary>
    public const string LaneTag = "lane";

    /// <summary>Tag: the name of an alert.</summary>
    public const string AlertTag = "alert";
}
