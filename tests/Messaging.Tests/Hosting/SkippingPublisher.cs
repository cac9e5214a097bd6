using Messaging.Realtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse;

namespace Messaging.Tests;

/// <summary>Loses the events that it is told to lose, as no part of the application may.</summary>
internal sealed class SkippingPublisher(IEventPublisher inner, Func<OutboxEvent, bool> skip) : IEventPublisher
{
    public ValueTask PublishAsync(OutboxEvent published, CancellationToken cancellationToken) =>
        skip(published) ? ValueTask.CompletedTask : inner.PublishAsync(published, cancellationToken);

    internal static void Install(WebApplicationBuilder builder, Func<OutboxEvent, bool> skip) =>
        builder.Services.AddSingleton<IEventPublisher>(
            provider => new SkippingPublisher(new SseEventPublisher(provider.GetRequiredService<ISsePublisher>()), skip));
}
