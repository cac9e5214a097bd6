namespace Resilience.Sse;

/// <summary>What happens to a client that fell behind the retained events. Either way it costs no memory of its own: its position is a number.</summary>
public enum SseSlowClientPolicy
{
    /// <summary>The stream ends with code <c>SLOW_CONSUMER</c>. The client comes back with its position and is told of the gap.</summary>
    Disconnect,

    /// <summary>The client is told of the gap and goes on with the oldest retained event.</summary>
    DropOldest,
}
