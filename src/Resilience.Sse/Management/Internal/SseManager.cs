namespace Resilience.Sse;

/// <summary>Thread-safe; holds no state of its own.</summary>
internal sealed class SseManager(SseNode node, ISseBackplane backplane, SseDrain drain) : ISseManager
{
    public int ConnectionCount => node.ConnectionCount;

    public bool IsDraining => drain.IsDraining;

    public SseConnectionInfo? Find(Guid connectionId) => node.Find(connectionId)?.Describe();

    public IReadOnlyList<SseConnectionInfo> Snapshot(SseTarget? target = null)
    {
        var matching = target is { } t ? node.Connections.Where(c => c.Matches(t)) : node.Connections;
        return [.. matching.Select(static c => c.Describe())];
    }

    public SseStatistics GetStatistics() => node.Statistics();

    public ValueTask<int> SubscribeAsync(SseTarget target, string channel, CancellationToken cancellationToken = default)
    {
        SseChannels.Validate(channel);
        return ExecuteAsync(SseCommandKind.Subscribe, target, channel, cancellationToken);
    }

    public ValueTask<int> UnsubscribeAsync(SseTarget target, string channel, CancellationToken cancellationToken = default)
    {
        SseChannels.Validate(channel);
        return ExecuteAsync(SseCommandKind.Unsubscribe, target, channel, cancellationToken);
    }

    public ValueTask<int> CloseAsync(SseTarget target, string reason, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        if (reason.Length > 200)
        {
            throw new ArgumentException($"The reason has {reason.Length} characters; 200 are the most.", nameof(reason));
        }

        return ExecuteAsync(SseCommandKind.Close, target, reason, cancellationToken);
    }

    public ValueTask<int> RevokeAsync(SseTarget target, CancellationToken cancellationToken = default) =>
        ExecuteAsync(SseCommandKind.Revoke, target, string.Empty, cancellationToken);

    public Task DrainAsync(CancellationToken cancellationToken = default) => drain.DrainAsync(cancellationToken);

    private ValueTask<int> ExecuteAsync(SseCommandKind kind, in SseTarget target, string value, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return backplane.ExecuteAsync(new SseCommand(kind, target, value), cancellationToken);
    }
}
