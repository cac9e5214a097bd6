using System.Net.Sockets;
using System.Threading.RateLimiting;
using Messaging.Accounts;
using Messaging.Http;
using Microsoft.AspNetCore.RateLimiting;
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
            o.OnRejected = static (rejected, _) => new(RefuseAsync(rejected));
            o.AddPolicy(Registrations, static context => Bucket(AddressOf(context), Settings(context).Registrations, context.RequestServices));
            o.AddPolicy(SignIns, static context => Bucket(AddressOf(context), Settings(context).SignIns, context.RequestServices));
            o.AddPolicy(Posts, static context => Bucket(Caller.Of(context.User).UserId, Settings(context).Posts, context.RequestServices));
        });
        return builder;
    }

    internal static RateLimitPartition<TKey> Bucket<TKey>(TKey key, RateOptions rate, IServiceProvider services)
    {
        var time = services.GetRequiredService<TimeProvider>();
        return RateLimitPartition.Get(key, _ => (RateLimiter)new TokenBucket(rate, time));
    }

    private static Task RefuseAsync(OnRejectedContext rejected)
    {
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.Zero;
        var limit = rejected.HttpContext.GetEndpoint()?.Metadata.GetMetadata<EnableRateLimitingAttribute>()?.PolicyName;
        return Problems.Later(StatusCodes.Status429TooManyRequests, wait, $"Too many requests of this kind (limit: {limit}). Try again later.")
            .ExecuteAsync(rejected.HttpContext);
    }

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
