using System.Data.Common;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Database;

/// <summary>Whether the database answers.</summary>
internal sealed class DatabaseHealthCheck(Db database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await database.ReadAsync(static scope => scope.SingleAsync<long>("SELECT COUNT(*) FROM schema_versions"), cancellationToken);
            return HealthCheckResult.Healthy("The database answers.");
        }
        catch (DbException error)
        {
            return HealthCheckResult.Unhealthy("The database does not answer.", error);
        }
    }
}
