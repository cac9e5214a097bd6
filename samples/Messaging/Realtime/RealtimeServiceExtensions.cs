using Messaging.Database;

namespace Messaging.Realtime;

/// <summary>Events: the outbox, its relay, and the stream.</summary>
internal static class RealtimeServiceExtensions
{
    internal static WebApplicationBuilder AddRealtime(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSchema("Realtime");
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<Outbox>();
        services.AddSingleton<IEventPublisher, DroppingPublisher>();
        services.AddHostedService<OutboxRelay>();
        services.AddHealthChecks().AddCheck<OutboxHealthCheck>("outbox");
        return builder;
    }

    internal static void MapRealtime(this RouteGroupBuilder api)
    {
    }
}
internal sealed class DroppingPublisher : IEventPublisher
{
    public ValueTask PublishAsync(OutboxEvent published, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
