namespace Resilience.Sse;

/// <summary>The bounds of the hub's memory.</summary>
internal sealed record HubLimits
{
    public int EventsPerChannel { get; init; } = 4096;

    public long BytesPerChannel { get; init; } = 4 << 20;

    public long AgeMilliseconds { get; init; } = 300_000;

    public long TotalBytes { get; init; } = 64 << 20;

    /// <summary>Channels that are remembered only for the mark of what they lost.</summary>
    public int IdleChannels { get; init; } = 10_000;

    public int DeduplicationIds { get; init; } = 10_000;

    public int ReplayEvents { get; init; } = 10_000;
}
