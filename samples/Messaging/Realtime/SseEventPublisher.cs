using Messaging.Http;
using Resilience.Sse;

namespace Messaging.Realtime;

/// <summary>Publishes on the SSE hub. The row's id makes a repeated publication the same event.</summary>
internal sealed class SseEventPublisher(ISsePublisher publisher) : IEventPublisher
{
    public async ValueTask PublishAsync(OutboxEvent published, CancellationToken cancellationToken)
    {
        var message = SseMessage.FromText(published.Data, published.EventType) with { DeduplicationId = Ids.Format(published.Id) };
        await publisher.PublishAsync(published.Topic, message, cancellationToken);
    }
}
