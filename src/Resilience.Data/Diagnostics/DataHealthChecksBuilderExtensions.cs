using Microsoft.Extensions.Diagnostics.HealthChecks;
using Resilience.Data;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the health checks of this package.</summary>
public static class DataHealthChecksBuilderExtensions
{
    /// <summary>Adds a health check that is Degraded while the monitor's alert is raised, and when nothing is monitored.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The check's name.</param>
    /// <returns>The builder.</returns>
    public static IHealthChecksBuilder AddQueryMonitor(this IHealthChecksBuilder builder, string name = "queries")
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name, static provider => new QueryMonitorHealthCheck(provider.GetRequiredService<QueryMonitor>()), null, null));
    }
}
