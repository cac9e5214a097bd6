using System.Globalization;
using System.Threading.RateLimiting;
using Messaging.Accounts;

namespace Messaging.ClientEvents;

/// <summary>Events from client to client, off unless an application's configuration turns them on.</summary>
internal static class ClientEventServiceExtensions
{
    // A person who types sends one in three seconds.
    private const int PerSecond = 5;
    private const int Burst = 20;

    internal static WebApplicationBuilder AddClientEvents(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<AppSettings>();
        services.AddSingleton<IPageFeature>(static provider => provider.GetRequiredService<AppSettings>());
        services.AddRateLimiter(static o =>
        {
            o.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            o.OnRejected = static (rejected, _) =>
            {
                rejected.HttpContext.Response.Headers.RetryAfter = 1.ToString(CultureInfo.InvariantCulture);
                return ValueTask.CompletedTask;
            };
            o.AddPolicy(ClientEventEndpoints.RatePolicy, static context => RateLimitPartition.GetTokenBucketLimiter(
                Caller.Of(context.User).UserId,
                static _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = Burst,
                    TokensPerPeriod = PerSecond,
                    ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                    QueueLimit = 0,
                }));
        });
        return builder;
    }
}
