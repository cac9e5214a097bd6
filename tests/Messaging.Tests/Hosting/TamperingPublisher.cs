using Messaging.Realtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse;

namespace Messaging.Tests;

/// <summary>Loses the events that it is told to lose, as no part of the application may, or lets them wait.</summary>
internal sealed class TamperingPublisher(IEventPublisher inner, Func<OutboxEvent, ValueTask<bool>> passes) : IEventPublisher
{
    public async ValueTask PublishAsync(OutboxEvent published, CancellationToken cancellationToken)
    {
        if (await passes(published))
        {
            await inner.PublishAsync(published, cancellationToken);
        }
    }

    internal static void Install(WebApplicationBuilder builder, Func<OutboxEvent, ValueTask<bool>> passes) =>
        builder.Services.AddSingleton<IEventPublisher>(
            provider => new TamperingPublisher(new SseEventPublisher(provider.GetRequiredService<ISsePublisher>()), passes));
}
