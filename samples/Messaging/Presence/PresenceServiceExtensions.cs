using Messaging.Channels;
using Resilience.Sse;

namespace Messaging.Presence;

/// <summary>Presence: who has a stream open in a channel.</summary>
internal static class PresenceServiceExtensions
{
    // A reload of the page, a change of the network: whoever is back by then never left.
    private static readonly TimeSpan LeaveDelay = TimeSpan.FromSeconds(3);

    internal static WebApplicationBuilder AddPresence(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddCleanupDispatcher(o => builder.Configuration.GetSection("Cleanup").Bind(o))
            .AddCoalescingLane<PresenceKey, bool, PresenceAnnouncer>("presence", o => o.Delay = builder.Configuration.GetValue("Presence:LeaveDelay", LeaveDelay));
        services.AddHealthChecks().AddCleanupDispatcher();
        services.AddSingleton<PresenceRoster>();
        services.AddSingleton<PresenceBoard>();
        services.AddSingleton<ISseConnectionObserver>(static provider => provider.GetRequiredService<PresenceBoard>());
        services.AddSingleton<IMembershipObserver>(static provider => provider.GetRequiredService<PresenceBoard>());
        return builder;
    }
}
