namespace Resilience.Sse;

/// <summary>The backplane of one node: its own hub gives the sequence, and an order takes effect at once. Thread-safe; holds no state of its own.</summary>
internal sealed class LocalBackplane(SseNode node) : ISseBackplane
{
    public SseEventId Position => node.Hub.Position;

    public ValueTask<SseEventId> AppendAsync(string channel, SseMessage message, CancellationToken cancellationToken)
    {
        var frame = SseFrame.Encode(node.Hub.Epoch.IdPrefix.Length, message.EventType, message.Data.Span);
        var position = node.Hub.Append(channel, frame, message.DeduplicationId, out var duplicate);
        if (!duplicate)
        {
            node.CountPublished();
        }

        return new ValueTask<SseEventId>(position);
    }

    public ValueTask<int> ExecuteAsync(SseCommand command, CancellationToken cancellationToken)
    {
        if (command.Target.Kind == SseTargetKind.Connection)
        {
            return new ValueTask<int>(node.Find(command.Target.ConnectionId) is { } one && Apply(command, one) ? 1 : 0);
        }

        var count = 0;
        foreach (var connection in node.Connections)
        {
            if (connection.Matches(command.Target) && Apply(command, connection))
            {
                count++;
            }
        }

        return new ValueTask<int>(count);
    }

    private static bool Apply(in SseCommand command, SseConnection connection) => command.Kind switch
    {
        SseCommandKind.Subscribe => connection.Cursor.Subscribe(command.Value),
        SseCommandKind.Unsubscribe => connection.Cursor.Unsubscribe(command.Value),
        SseCommandKind.Close => connection.TryClose(SseCloseReason.Requested, command.Value),
        _ => connection.TryClose(SseCloseReason.TokenRevoked),
    };
}
