namespace Resilience.Sse;

/// <summary>
/// Looks at the connections and acts on them: what leave, ban and sign-out use. Thread-safe. See <c>docs/sse.md</c>.
/// </summary>
/// <remarks>Commands take effect before they return, also on a connection whose handler is still deciding. Their result counts the connections of this node.</remarks>
public interface ISseManager
{
    /// <summary>The connections of this node that hold a slot.</summary>
    int ConnectionCount { get; }

    /// <summary>Whether the node is shutting down and refuses new connections.</summary>
    bool IsDraining { get; }

    /// <summary>Looks one connection up; null when there is none with this id, or it has ended.</summary>
    SseConnectionInfo? Find(Guid connectionId);

    /// <summary>The connections of this node, at one moment each.</summary>
    /// <param name="target">Which ones; null for all.</param>
    IReadOnlyList<SseConnectionInfo> Snapshot(SseTarget? target = null);

    /// <summary>The sums of this node.</summary>
    SseStatistics GetStatistics();

    /// <summary>Adds a channel to open streams; they get what is published from now on.</summary>
    /// <returns>How many connections of this node have the channel now.</returns>
    ValueTask<int> SubscribeAsync(SseTarget target, string channel, CancellationToken cancellationToken = default);

    /// <summary>Takes a channel away from open streams. What is published after the call has returned does not reach them.</summary>
    /// <returns>How many connections of this node had the channel or were about to get it.</returns>
    ValueTask<int> UnsubscribeAsync(SseTarget target, string channel, CancellationToken cancellationToken = default);

    /// <summary>Ends streams with <c>event: close</c> and the reason.</summary>
    /// <param name="target">Which ones.</param>
    /// <param name="reason">What the client is told; free text of at most 200 characters.</param>
    /// <param name="cancellationToken">Ends the wait for the backplane, if there is one.</param>
    /// <returns>How many connections of this node were open and end now.</returns>
    ValueTask<int> CloseAsync(SseTarget target, string reason, CancellationToken cancellationToken = default);

    /// <summary>Ends streams with <c>event: error</c>, code <c>TOKEN_REVOKED</c>: for sign-out.</summary>
    /// <returns>How many connections of this node were open and end now.</returns>
    ValueTask<int> RevokeAsync(SseTarget target, CancellationToken cancellationToken = default);

    /// <summary>
    /// Refuses new connections, ends all streams with the reason <c>shutdown</c>, waits up to <see cref="SseManagerOptions.DrainTimeout"/> and cuts what is left.
    /// Runs by itself when the host stops; several calls are one.
    /// </summary>
    Task DrainAsync(CancellationToken cancellationToken = default);
}
