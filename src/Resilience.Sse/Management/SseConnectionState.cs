namespace Resilience.Sse;

/// <summary>The life of a connection.</summary>
public enum SseConnectionState
{
    /// <summary>The slot is taken; the application decides.</summary>
    Connecting,

    /// <summary>The stream runs.</summary>
    Open,

    /// <summary>A reason to end is set; the last frames are being written.</summary>
    Closing,

    /// <summary>Everything is freed.</summary>
    Closed,
}
