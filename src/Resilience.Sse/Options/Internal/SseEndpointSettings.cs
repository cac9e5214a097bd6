namespace Resilience.Sse;

/// <summary>The options that are in force for one endpoint, in milliseconds. Immutable.</summary>
internal sealed record SseEndpointSettings
{
    public required string Name { get; init; }

    public required TimeSpan MaxLifetime { get; init; }

    public required long HeartbeatMs { get; init; }

    public required long RevalidationMs { get; init; }

    public required SseSlowClientPolicy SlowClientPolicy { get; init; }

    public static SseEndpointSettings Create(string name, SseManagerOptions manager, SseEndpointOptions endpoint) => new()
    {
        Name = endpoint.Name ?? name,
        MaxLifetime = endpoint.MaxLifetime ?? manager.MaxLifetime,
        HeartbeatMs = (long)(endpoint.HeartbeatInterval ?? manager.HeartbeatInterval).TotalMilliseconds,
        RevalidationMs = (long)(endpoint.TokenRevalidationInterval ?? manager.TokenRevalidationInterval).TotalMilliseconds,
        SlowClientPolicy = endpoint.SlowClientPolicy ?? manager.SlowClientPolicy,
    };
}
