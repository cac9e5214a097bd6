using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Resilience.Queues;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the stream trimmer.</summary>
public static class StreamTrimmerServiceCollectionExtensions
{
    /// <summary>Adds the stream trimmer, <see cref="IStreamTrimmer"/>. A second call adds to its configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Registers streams and sets the options.</param>
    /// <returns>A builder that says where the streams are.</returns>
    public static IStreamTrimmerBuilder AddStreamTrimmer(this IServiceCollection services, Action<StreamTrimmerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<StreamTrimmerOptions>().Configure(configure).ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<QueuesMetrics>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StreamTrimmerOptions>, StreamTrimmerOptionsLimits>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StreamTrimmerOptions>, StreamTrimmerOptionsRules>());
        services.TryAddSingleton(Create);
        services.TryAddSingleton<IStreamTrimmer>(static provider => provider.GetRequiredService<StreamTrimmer>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, StreamTrimmerService>(static provider => new StreamTrimmerService(
            provider.GetRequiredService<StreamTrimmer>(),
            provider.GetRequiredService<IOptions<StreamTrimmerOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            RandomSource.Create(provider))));
        return new StreamTrimmerBuilder(services);
    }

    /// <summary>Adds a check of the trimmed streams: Degraded while an alert is raised, the failure status while the server cannot be reached.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="failureStatus">The status while the server cannot be reached; Unhealthy by default.</param>
    /// <param name="tags">Tags of the check.</param>
    /// <returns>The builder.</returns>
    public static IHealthChecksBuilder AddStreamTrimmer(
        this IHealthChecksBuilder builder, string name = "streams", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name, static services => new StreamTrimmerHealthCheck(services.GetRequiredService<StreamTrimmer>()), failureStatus, tags));
    }

    private static StreamTrimmer Create(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<StreamTrimmerOptions>>().Value;
        var store = provider.GetService<IStreamTrimStore>()
            ?? throw new InvalidOperationException("The stream trimmer does not know where the streams are; call UseRedis or UseStore after AddStreamTrimmer.");
        var monitor = new TrimmerMonitor(
            options, provider.GetRequiredService<QueuesMetrics>(), Loggers.Create(provider), provider.GetRequiredService<TimeProvider>());
        return new StreamTrimmer(store, options, monitor, RandomSource.Create(provider));
    }
}
