using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Queues;

/// <summary>Says where the streams are. Used while services are being registered; not thread-safe.</summary>
public interface IStreamTrimmerBuilder
{
    /// <summary>The services that the trimmer is registered in.</summary>
    IServiceCollection Services { get; }

    /// <summary>Takes the streams from a store of the caller's.</summary>
    /// <param name="factory">Makes the store; called once.</param>
    /// <returns>This builder.</returns>
    IStreamTrimmerBuilder UseStore(Func<IServiceProvider, IStreamTrimStore> factory);
}
