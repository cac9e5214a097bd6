using Messaging.Database;
using Messaging.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Realtime;

/// <summary>Whether events follow their commits: Degraded when the oldest one has waited for too long.</summary>
internal sealed class OutboxHealthCheck(Db database, TimeProvider time) : IHealthCheck
{
    private const long MaxAgeMilliseconds = 10_000;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (pending, oldest) = await database.ReadAsync(
            static scope => scope.SingleAsync<(long Pending, long? Oldest)>("SELECT COUNT(*), MIN(created_at) FROM outbox"), cancellationToken);
        var age = oldest is { } since ? Math.Max(0, time.NowForStore() - since) : 0;
        var data = new Dictionary<string, object> { ["pending"] = pending, ["oldestMs"] = age };
        return age > MaxAgeMilliseconds
            ? HealthCheckResult.Degraded("Committed events wait to be published.", data: data)
            : HealthCheckResult.Healthy("Events follow their commits.", data);
    }
}
