using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Resilience.Sse;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the SSE manager. See <c>docs/sse.md</c>.</summary>
public static class SseServiceCollectionExtensions
{
    /// <summary>
    /// Adds the manager, the publisher, the meter and the drain at shutdown. Safe to call twice: options add up. Options are validated when the host starts.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options.</param>
    public static ISseManagerBuilder AddSseManager(this IServiceCollection services, Action<SseManagerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (configure is not null)
        {
            services.Configure(configure);
        }

        if (services.All(static s => s.ServiceType != typeof(SseNode)))
        {
            services.AddOptionsWithValidateOnStart<SseManagerOptions, SseManagerOptionsValidator>();
            services.AddMetrics();
            services.AddOptions<SseManagerOptions>().PostConfigure<IOptions<JsonOptions>>(static (options, json) => CompleteSerializer(options, json.Value));
            services.AddCleanupScopes();
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SseManagerOptions>, SseManagerOptionsRules>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<SseMetrics>();
        services.TryAddSingleton<TokenRevalidator>();
        services.TryAddSingleton<SseNode>();
        services.TryAddSingleton<ISseBackplane, LocalBackplane>();
        services.TryAddSingleton<SseDrain>();
        services.TryAddSingleton<SseConnector>();
        services.TryAddSingleton<ISsePublisher, SsePublisher>();
        services.TryAddSingleton<ISseManager, SseManager>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SseHostedService>());
        return new Builder(services);
    }

    /// <summary>Adds the check of the SSE manager: Unhealthy when the wheel stands still, Degraded while draining, nearly full, or under an alert.</summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="failureStatus">What a standstill is reported as; null for Unhealthy.</param>
    /// <param name="tags">The check's tags.</param>
    public static IHealthChecksBuilder AddSseManager(
        this IHealthChecksBuilder builder, string name = "sse", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name,
            static services => new SseHealthCheck(services.GetRequiredService<SseNode>(), services.GetRequiredService<SseDrain>()),
            failureStatus,
            tags));
    }

    /// <summary>Serializer options as one makes them have no resolver before they are first used by a serializer that may reflect; they get the application's.</summary>
    private static void CompleteSerializer(SseManagerOptions options, JsonOptions json)
    {
        if (options.SerializerOptions is { TypeInfoResolver: null } own)
        {
            options.SerializerOptions = new JsonSerializerOptions(own) { TypeInfoResolver = json.SerializerOptions.TypeInfoResolver };
        }
    }

    private sealed record Builder(IServiceCollection Services) : ISseManagerBuilder;
}
