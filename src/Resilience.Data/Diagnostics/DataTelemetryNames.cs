namespace Resilience.Data;

/// <summary>Names of the telemetry of this package.</summary>
public static class DataTelemetryNames
{
    /// <summary>The meter.</summary>
    public const string Meter = "Resilience.Data";

    /// <summary>Tag: how a transaction ended.</summary>
    public const string OutcomeTag = "outcome";

    /// <summary>Tag: the class of a finding.</summary>
    public const string KindTag = "kind";

    /// <summary>Tag: where a cache request was answered from.</summary>
    public const string ResultTag = "result";

    /// <summary>Tag: the name of an alert.</summary>
    public const string AlertTag = "alert";

    /// <summary>Alert: too many slow queries over two windows.</summary>
    public const string DegradedAlert = "queries_degraded";

    /// <summary>Alert: the shared level of the cache does not answer.</summary>
    public const string SharedStoreAlert = "shared_store_down";
}
