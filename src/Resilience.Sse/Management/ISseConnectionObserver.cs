namespace Resilience.Sse;

/// <summary>
/// Is told when streams open and end: for presence and webhooks. Register any number in the container, as singletons.
/// </summary>
/// <remarks>
/// Called on the connection's own flow, for one connection in order, for several concurrently. Return quickly: hand longer work over, for example to a cleanup
/// dispatcher. An exception is logged, counted and otherwise ignored.
/// </remarks>
public interface ISseConnectionObserver
{
    /// <summary>A stream begins: the handler has accepted and nothing has been written yet.</summary>
    void Opened(SseConnectionInfo connection);

    /// <summary>A stream has ended, exactly once for each that opened. Its slot is free and its subscriptions are gone.</summary>
    /// <param name="connection">The last state; <see cref="SseConnectionInfo.CloseReason"/> says why.</param>
    void Closed(SseConnectionInfo connection);
}
