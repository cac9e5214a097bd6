using System.Data.Common;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Resilience.Data;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the query monitor.</summary>
public static class QueryMonitorServiceCollectionExtensions
{
    /// <summary>Adds <see cref="QueryMonitor"/> (a singleton). Safe to call twice.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddQueryMonitor(this IServiceCollection services, Action<QueryMonitorOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddDataCore();
        var options = services.AddOptions<QueryMonitorOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<QueryMonitorOptions>, QueryMonitorOptionsValidator>());
        services.TryAddSingleton(static provider => new QueryMonitor(
            provider.GetRequiredService<IOptions<QueryMonitorOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<DataMetrics>(),
            provider.LoggerFor<QueryMonitor>()));
        return services;
    }

    /// <summary>Adds a monitored <see cref="DbDataSource"/> (a singleton) around the provider's, and the monitor with its defaults.</summary>
    /// <param name="services">The services.</param>
    /// <param name="source">Makes the provider's data source; it is disposed with the services.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddMonitoredDataSource(this IServiceCollection services, Func<IServiceProvider, DbDataSource> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        services.AddQueryMonitor();
        services.TryAddSingleton<DbDataSource>(provider => new MonitoredDbDataSource(source(provider), provider.GetRequiredService<QueryMonitor>()));
        return services;
    }
}
