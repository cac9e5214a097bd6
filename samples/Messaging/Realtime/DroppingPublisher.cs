namespace Messaging.Realtime;
internal sealed class DroppingPublisher : IEventPublisher
{
    public ValueTask PublishAsync(OutboxEvent published, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
