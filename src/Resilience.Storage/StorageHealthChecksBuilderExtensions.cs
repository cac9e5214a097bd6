using Microsoft.Extensions.Diagnostics.HealthChecks;
using Resilience.Storage.Internal;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the health check of file deletion.</summary>
public static class StorageHealthChecksBuilderExtensions
{
    /// <summary>Adds the check <c>storage</c>.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="failureStatus">What is reported when the check throws; null for unhealthy.</param>
    /// <param name="tags">Tags for filters.</param>
    public static IHealthChecksBuilder AddTransactionalFileDeletion(
        this IHealthChecksBuilder builder, string name = "storage", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name,
            static sp => new StorageHealthCheck(
                sp.GetRequiredService<StorageStatus>(), sp.GetRequiredService<StorageInitializer>(), sp.GetRequiredService<CommitLoop>()),
            failureStatus,
            tags));
    }
}
