using Messaging.Accounts;
using Messaging.Limits;

namespace Messaging.ClientEvents;

/// <summary>Events from client to client, off unless an application's configuration turns them on.</summary>
internal static class ClientEventServiceExtensions
{
    // A person who types sends one in three seconds.
    private static readonly RateOptions Rate = new() { Burst = 20, PerMinute = 300 };

    internal static WebApplicationBuilder AddClientEvents(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<AppSettings>();
        services.AddSingleton<IPageFeature>(static provider => provider.GetRequiredService<AppSettings>());
        services.AddRateLimiter(static o =>
            o.AddPolicy(ClientEventEndpoints.RatePolicy, static context => RatePolicies.Bucket(Caller.Of(context.User).UserId, Rate, context.RequestServices)));
        return builder;
    }
}
