namespace Resilience.Sse;

/// <summary>Options of one endpoint; what is null is taken from <see cref="SseManagerOptions"/>. Checked when the endpoint is mapped, and against those of the manager when the host starts.</summary>
public sealed class SseEndpointOptions
{
    /// <summary>The endpoint's name in metrics and logs.</summary>
    /// <value>Default none (null): the route's pattern. 1 to 100 characters.</value>
    public string? Name { get; set; }

    /// <summary>See <see cref="SseManagerOptions.MaxLifetime"/>.</summary>
    /// <value>Default none (null); 1 s to 7 d.</value>
    [TimeSpanRange("00:00:01", "7.00:00:00")]
    public TimeSpan? MaxLifetime { get; set; }

    /// <summary>See <see cref="SseManagerOptions.HeartbeatInterval"/>.</summary>
    /// <value>Default none (null); 1 s to 5 min, and shorter than <see cref="SseManagerOptions.StaleTimeout"/>.</value>
    [TimeSpanRange("00:00:01", "00:05:00")]
    public TimeSpan? HeartbeatInterval { get; set; }

    /// <summary>See <see cref="SseManagerOptions.TokenRevalidationInterval"/>.</summary>
    /// <value>Default none (null); 1 s to 24 h.</value>
    [TimeSpanRange("00:00:01", "1.00:00:00")]
    public TimeSpan? TokenRevalidationInterval { get; set; }

    /// <summary>See <see cref="SseManagerOptions.SlowClientPolicy"/>.</summary>
    /// <value>Default none (null).</value>
    public SseSlowClientPolicy? SlowClientPolicy { get; set; }
}
