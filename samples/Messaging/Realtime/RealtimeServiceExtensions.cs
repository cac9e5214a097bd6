using Messaging.Accounts;
using Messaging.Channels;
using Messaging.Database;
using Microsoft.AspNetCore.OpenApi;
using Resilience.Sse;

namespace Messaging.Realtime;

/// <summary>Events: the outbox, its relay, and the stream.</summary>
internal static class RealtimeServiceExtensions
{
    // Colleagues behind one address do not shut each other out, and one address cannot take everything.
    private const int MaxConnectionsPerAddress = 50;

    internal static WebApplicationBuilder AddRealtime(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSchema("Realtime");
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<Outbox>();
        services.AddSingleton<IEventPublisher, SseEventPublisher>();
        services.AddHostedService<OutboxRelay>();
        services.AddHealthChecks().AddCheck<OutboxHealthCheck>("outbox");

        services.AddSseManager(o =>
        {
            o.KeySelector = SseKeyKind.UserAndAddress;
            o.MaxConnectionsPerAddress = MaxConnectionsPerAddress;
            builder.Configuration.GetSection("Sse").Bind(o);
        });
        services.AddHealthChecks().AddSseManager();
        services.AddSingleton<SessionStreams>();
        services.AddSingleton<ISessionObserver>(static provider => provider.GetRequiredService<SessionStreams>());
        services.AddSingleton<ISseTokenValidator>(static provider => provider.GetRequiredService<SessionStreams>());
        services.AddSingleton<IMembershipObserver, MembershipStreams>();
        services.Configure<OpenApiOptions>("v1", static o => o.AddDocumentTransformer(EventsDescription.AddAsync));
        return builder;
    }

    internal static void MapRealtime(this RouteGroupBuilder api) =>
        api.MapSse<Db>("/events", EventsEndpoint.ConnectAsync).WithSse(static o => o.Name = "events").RequireAuthorization();
}
