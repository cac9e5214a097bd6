namespace Messaging.Realtime;

/// <summary>A row of <c>outbox</c>.</summary>
internal sealed class OutboxEvent
{
    public long Id { get; set; }

    public string Topic { get; set; } = string.Empty;

    public string EventType { get; set; } = string.Empty;

    public string Data { get; set; } = string.Empty;
}
