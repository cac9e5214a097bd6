namespace Resilience.Sse;

/// <summary>Names for whoever reads the telemetry.</summary>
public static class SseTelemetryNames
{
    /// <summary>The meter.</summary>
    public const string MeterName = "Resilience.Sse";

    /// <summary>The tag with an endpoint's name.</summary>
    public const string EndpointTag = "endpoint";

    /// <summary>The tag with why something ended or was refused.</summary>
    public const string ReasonTag = "reason";

    /// <summary>The tag with the kind of an error.</summary>
    public const string KindTag = "kind";

    /// <summary>The tag with what came out.</summary>
    public const string ResultTag = "result";

    /// <summary>The tag with an alert's name.</summary>
    public const string AlertTag = "alert";
}
