namespace Messaging.Realtime;

/// <summary>Hands a committed event to the streams. The same <c>deduplicationId</c> twice is one event.</summary>
internal interface IEventPublisher
{
    ValueTask PublishAsync(OutboxEvent published, CancellationToken cancellationToken);
}
