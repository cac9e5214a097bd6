using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Resilience.Queues;

internal sealed class StreamTrimmerBuilder(IServiceCollection services) : IStreamTrimmerBuilder
{
    public IServiceCollection Services => services;

    public IStreamTrimmerBuilder UseStore(Func<IServiceProvider, IStreamTrimStore> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        services.Replace(ServiceDescriptor.Singleton(factory));
        return this;
    }
}
