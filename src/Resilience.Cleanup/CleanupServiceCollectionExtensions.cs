using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Resilience.Cleanup;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers cleanup scopes and the cleanup dispatcher.</summary>
public static class CleanupServiceCollectionExtensions
{
    /// <summary>Registers <see cref="CleanupScopeFactory"/>. Safe to call twice; every <paramref name="configure"/> counts.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets limits; they are checked when the application starts.</param>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddCleanupScopes(this IServiceCollection services, Action<CleanupScopeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<CleanupMetrics>();
        services.AddOptions<CleanupScopeOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CleanupScopeOptions>, CleanupScopeOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CleanupScopeOptions>, CleanupScopeOptionsRules>());
        services.TryAddSingleton(static provider => new CleanupScopeFactory(
            provider.GetRequiredService<IOptions<CleanupScopeOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            Metrics(provider),
            provider.GetService<ILogger<CleanupScope>>() ?? NullLogger<CleanupScope>.Instance));
        if (configure is not null)
        {
            services.Configure(configure);
        }

        return services;
    }

    /// <summary>
    /// Registers <see cref="CleanupDispatcher"/>, and the scopes with it. The host stops it after its servers. Safe to call twice; every <paramref name="configure"/> counts.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets limits; they are checked when the application starts.</param>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static ICleanupDispatcherBuilder AddCleanupDispatcher(this IServiceCollection services, Action<CleanupDispatcherOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddCleanupScopes();
        services.AddOptions<CleanupDispatcherOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CleanupDispatcherOptions>, CleanupDispatcherOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CleanupDispatcherOptions>, CleanupDispatcherOptionsRules>());
        services.TryAddSingleton(static provider => new CleanupDispatcher(
            provider.GetRequiredService<IOptions<CleanupDispatcherOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            Metrics(provider),
            provider.GetService<ILogger<CleanupDispatcher>>() ?? NullLogger<CleanupDispatcher>.Instance));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, CleanupDrainService>());
        if (configure is not null)
        {
            services.Configure(configure);
        }

        return new CleanupDispatcherBuilder(services);
    }

    /// <summary>
    /// Registers a lane for follow-up work, as a keyed service under its name, and without a key when it is the first of its types. It ends after the dispatcher.
    /// </summary>
    /// <param name="builder">The dispatcher's builder.</param>
    /// <param name="name">The name, also in logs and metrics.</param>
    /// <param name="configure">Sets limits.</param>
    /// <typeparam name="TKey">The key.</typeparam>
    /// <typeparam name="T">The item.</typeparam>
    /// <typeparam name="THandler">The work; made once, with its dependencies from the container.</typeparam>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static ICleanupDispatcherBuilder AddCoalescingLane<TKey, T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this ICleanupDispatcherBuilder builder, string name, Action<CoalescingLaneOptions>? configure = null)
        where TKey : notnull
        where THandler : class, ICoalescingHandler<TKey, T>
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var services = builder.Services;
        services.AddOptions<CoalescingLaneOptions>(name).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CoalescingLaneOptions>, CoalescingLaneOptionsValidator>());
        if (configure is not null)
        {
            services.Configure(name, configure);
        }

        if (services.Any(s => s.IsKeyedService && s.ServiceType == typeof(CoalescingLane<TKey, T>) && Equals(s.ServiceKey, name)))
        {
            return builder;
        }

        services.AddKeyedSingleton(name, (provider, _) => new CoalescingLane<TKey, T>(
            name,
            ActivatorUtilities.CreateInstance<THandler>(provider),
            provider.GetRequiredService<IOptionsMonitor<CoalescingLaneOptions>>().Get(name),
            provider.GetRequiredService<TimeProvider>(),
            Metrics(provider),
            provider.GetService<ILogger<CoalescingLane<TKey, T>>>() ?? NullLogger<CoalescingLane<TKey, T>>.Instance,
            provider.GetRequiredService<IOptions<CleanupDispatcherOptions>>().Value.OnAlert));
        services.TryAddSingleton(provider => provider.GetRequiredKeyedService<CoalescingLane<TKey, T>>(name));
        services.AddSingleton<ILaneState>(provider => provider.GetRequiredKeyedService<CoalescingLane<TKey, T>>(name));
        return builder;
    }

    /// <summary>Adds a health check that is Degraded while an alert of the dispatcher or of a lane is raised.</summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="tags">The check's tags.</param>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static IHealthChecksBuilder AddCleanupDispatcher(this IHealthChecksBuilder builder, string name = "cleanup", IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(name, static provider => ActivatorUtilities.CreateInstance<CleanupHealthCheck>(provider), HealthStatus.Degraded, tags));
    }

    // A host brings both; a bare container need not.
    private static CleanupMetrics? Metrics(IServiceProvider provider) =>
        provider.GetService<IMeterFactory>() is null ? null : provider.GetRequiredService<CleanupMetrics>();
}
