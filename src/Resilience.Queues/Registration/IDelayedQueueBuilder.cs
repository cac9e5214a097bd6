using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Queues;

/// <summary>Says where a queue keeps its messages and who handles them. Used while services are being registered; not thread-safe.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
public interface IDelayedQueueBuilder<T>
{
    /// <summary>The name of the queue.</summary>
    string Name { get; }

    /// <summary>The services that the queue is registered in.</summary>
    IServiceCollection Services { get; }

    /// <summary>Keeps the messages in memory: the default. They end with the process.</summary>
    /// <param name="configure">Sets the options of the store.</param>
    /// <returns>This builder.</returns>
    IDelayedQueueBuilder<T> UseInMemory(Action<InMemoryQueueOptions<T>>? configure = null);

    /// <summary>Keeps the messages in a store of the caller's.</summary>
    /// <param name="factory">Makes the store; called once. The queue disposes it.</param>
    /// <returns>This builder.</returns>
    IDelayedQueueBuilder<T> UseStore(Func<IServiceProvider, DelayedQueueContext, IDelayedQueueStore<T>> factory);

    /// <summary>Handles the messages in this process.</summary>
    /// <typeparam name="THandler">The handler; made for each delivery from a scope of its own.</typeparam>
    /// <param name="configure">Sets the options of the worker.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="InvalidOperationException">The queue has a worker already.</exception>
    IDelayedQueueBuilder<T> AddWorker<
        [System.Diagnostics.CodeAnalysis.DynamicallyAccessedMembers(System.Diagnostics.CodeAnalysis.DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        Action<QueueWorkerOptions>? configure = null)
        where THandler : class, IQueueHandler<T>;
}
