namespace Resilience.Sse;

/// <summary>Thread-safe; holds no state of its own.</summary>
internal sealed class SseManager(SseNode node, SseDrain drain) : ISseManager
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
        return Apply(target, channel, static (connection, name) => connection.Cursor.Subscribe(name), cancellationToken);
    }

    public ValueTask<int> UnsubscribeAsync(SseTarget target, string channel, CancellationToken cancellationToken = default)
    {
        SseChannels.Validate(channel);
        return Apply(target, channel, static (connection, name) => connection.Cursor.Unsubscribe(name), cancellationToken);
    }

    public ValueTask<int> CloseAsync(SseTarget target, string reason, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        if (reason.Length > 200)
        {
            throw new ArgumentException($"The reason has {reason.Length} characters; 200 are the most.", nameof(reason));
        }

        return Apply(target, reason, static (connection, detail) => connection.TryClose(SseCloseReason.Requested, detail), cancellationToken);
    }

    public ValueTask<int> RevokeAsync(SseTarget target, CancellationToken cancellationToken = default) =>
        Apply(target, string.Empty, static (connection, _) => connection.TryClose(SseCloseReason.TokenRevoked), cancellationToken);

    public Task DrainAsync(CancellationToken cancellationToken = default) => drain.DrainAsync(cancellationToken);

    private ValueTask<int> Apply(in SseTarget target, string value, Func<SseConnection, string, bool> action, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (target.Kind == SseTargetKind.Connection)
        {
            return new ValueTask<int>(node.Find(target.ConnectionId) is { } one && action(one, value) ? 1 : 0);
        }

        var count = 0;
        foreach (var connection in node.Connections)
        {
            if (connection.Matches(target) && action(connection, value))
            {
                count++;
            }
        }

        return new ValueTask<int>(count);
    }
}
