namespace Resilience.Cleanup;

/// <summary>A lane as the metrics, the health check and the end of the host see it.</summary>
internal interface ILaneState
{
    string Name { get; }

    int Pending { get; }

    /// <summary>What is wrong; null when nothing is.</summary>
    string? Trouble { get; }

    Task DrainAsync();
}
