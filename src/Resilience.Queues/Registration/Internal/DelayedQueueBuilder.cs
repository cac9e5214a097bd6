using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Resilience.Queues;

internal sealed class DelayedQueueBuilder<T>(IServiceCollection services, QueueRegistration<T> registration) : IDelayedQueueBuilder<T>
{
    public string Name => registration.Name;

    public IServiceCollection Services => services;

    public IDelayedQueueBuilder<T> UseInMemory(Action<InMemoryQueueOptions<T>>? configure = null)
    {
        var options = new InMemoryQueueOptions<T>();
        configure?.Invoke(options);
        return UseStore((_, context) => new InMemoryQueueStore<T>(context, options.SizeOf));
    }

    public IDelayedQueueBuilder<T> UseStore(Func<IServiceProvider, DelayedQueueContext, IDelayedQueueStore<T>> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        registration.Store = factory;
        return this;
    }

    public IDelayedQueueBuilder<T> AddWorker<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        Action<QueueWorkerOptions>? configure = null)
        where THandler : class, IQueueHandler<T>
    {
        if (registration.HasWorker)
        {
            throw new InvalidOperationException($"The queue '{Name}' has a worker already; raise its Concurrency instead of adding another.");
        }

        registration.HasWorker = true;
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<QueueWorkerOptions>, QueueWorkerOptionsLimits>());
        services.TryAddScoped<THandler>();
        var options = services.AddOptions<QueueWorkerOptions>(Name).ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        var name = Name;
        services.AddSingleton<IHostedService>(provider => QueueWorker<T>.Create<THandler>(provider, name));
        return this;
    }
}
