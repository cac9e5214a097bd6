using Microsoft.Extensions.Diagnostics.HealthChecks;
using Resilience.Queues;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the health check of the queues.</summary>
public static class QueuesHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds one check for all delayed queues: Degraded while an alert is raised, the failure status while a store cannot be reached, with every figure as data.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="failureStatus">The status while a store cannot be reached; Unhealthy by default.</param>
    /// <param name="tags">Tags of the check.</param>
    /// <returns>The builder.</returns>
    public static IHealthChecksBuilder AddDelayedQueues(
        this IHealthChecksBuilder builder, string name = "queues", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(name, static services => new QueuesHealthCheck(services), failureStatus, tags));
    }
}
