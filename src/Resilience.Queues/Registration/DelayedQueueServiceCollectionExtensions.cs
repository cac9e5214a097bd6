using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Resilience.Queues;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers delayed queues.</summary>
public static class DelayedQueueServiceCollectionExtensions
{
    /// <summary>
    /// Adds a bounded delayed queue: <see cref="IDelayedQueue{T}"/>, keyed by its name, and unkeyed while it is the only one with items of its type. A second
    /// call with the same name adds to its configuration.
    /// </summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The name: 1 to 64 letters, digits, dots, dashes and underscores.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>A builder for the store and the worker.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not permitted.</exception>
    /// <exception cref="InvalidOperationException">There is a queue of this name with items of another type.</exception>
    public static IDelayedQueueBuilder<T> AddDelayedQueue<T>(this IServiceCollection services, string name, Action<DelayedQueueOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        QueueNames.Validate(name, nameof(name));
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<QueuesMetrics>();
        services.TryAddSingleton<CleanupTrigger>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DelayedQueueOptions>, DelayedQueueOptionsLimits>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DelayedQueueOptions>, DelayedQueueOptionsRules>());
        var options = services.AddOptions<DelayedQueueOptions>(name).ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        var known = services.Select(static service => service.IsKeyedService ? null : service.ImplementationInstance)
            .OfType<QueueRegistration>()
            .FirstOrDefault(registration => registration.Name == name);
        if (known is not null)
        {
            return known is QueueRegistration<T> same
                ? new DelayedQueueBuilder<T>(services, same)
                : throw new InvalidOperationException($"The queue '{name}' has items of type {known.ItemType}; give the queue of {typeof(T)} another name.");
        }

        var registration = new QueueRegistration<T>(name);
        services.AddSingleton<QueueRegistration>(registration);
        services.AddKeyedSingleton(name, (provider, _) => registration.Create(provider));
        services.AddKeyedSingleton<IDelayedQueue<T>>(name, static (provider, key) => provider.GetRequiredKeyedService<DelayedQueue<T>>(key));
        services.AddKeyedSingleton<IDelayedQueue>(name, static (provider, key) => provider.GetRequiredKeyedService<DelayedQueue<T>>(key));
        services.TryAddSingleton(static provider => QueueRegistration<T>.Only(provider));
        services.AddSingleton<IHostedService>(provider => new QueueService<T>(provider.GetRequiredKeyedService<DelayedQueue<T>>(name)));
        return new DelayedQueueBuilder<T>(services, registration);
    }
}
