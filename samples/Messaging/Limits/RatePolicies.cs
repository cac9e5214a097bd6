using System.Globalization;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Messaging.Accounts;
using Microsoft.Extensions.Options;

namespace Messaging.Limits;

/// <summary>The rates that routes ask for by name. Who is above one gets 429 with <c>Retry-After</c>.</summary>
internal static class RatePolicies
{
    internal const string Registrations = "registrations";
    internal const string SignIns = "sign-ins";
    internal const string Posts = "posts";

    // A household or a server has a whole network of this length in IPv6.
    private const int NetworkBytes = 8;

    internal static WebApplicationBuilder AddLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<LimitOptions>().BindConfiguration("Limits")
            .Validate(static o => o.IsValid, "Limits: every Burst, every PerMinute and PasswordsWaiting must be at least 1.")
            .ValidateOnStart();
        builder.Services.AddRateLimiter(static o =>
        {
            o.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            o.OnRejected = static (rejected, _) =>
            {
                var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.Zero;
                rejected.HttpContext.Response.Headers.RetryAfter = Seconds(wait);
                return ValueTask.CompletedTask;
            };
            o.AddPolicy(Registrations, static context => Bucket(AddressOf(context), Settings(context).Registrations));
            o.AddPolicy(SignIns, static context => Bucket(AddressOf(context), Settings(context).SignIns));
            o.AddPolicy(Posts, static context => Bucket(Caller.Of(context.User).UserId, Settings(context).Posts));
        });
        return builder;
    }

    internal static RateLimitPartition<TKey> Bucket<TKey>(TKey key, RateOptions rate) => RateLimitPartition.GetTokenBucketLimiter(key, _ =>
    {
        var turns = Math.Max(1, rate.PerMinute / 60);
        return new TokenBucketRateLimiterOptions
        {
            TokenLimit = rate.Burst,
            TokensPerPeriod = turns,
            ReplenishmentPeriod = TimeSpan.FromMinutes((double)turns / rate.PerMinute),
            QueueLimit = 0,
        };
    });

    /// <summary>A value for <c>Retry-After</c>: whole seconds, at least one.</summary>
    internal static string Seconds(TimeSpan wait) => Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    private static LimitOptions Settings(HttpContext context) => context.RequestServices.GetRequiredService<IOptions<LimitOptions>>().Value;

    private static string AddressOf(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } address)
        {
            return string.Empty;
        }

        return address.AddressFamily != AddressFamily.InterNetworkV6 || address.IsIPv4MappedToIPv6
            ? address.MapToIPv4().ToString()
            : Convert.ToHexString(address.GetAddressBytes().AsSpan(0, NetworkBytes));
    }
}
