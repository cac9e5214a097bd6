using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Cleanup;

/// <summary>Adds to a dispatcher that <c>AddCleanupDispatcher</c> registered.</summary>
public interface ICleanupDispatcherBuilder
{
    /// <summary>The services.</summary>
    IServiceCollection Services { get; }
}

/// <inheritdoc />
internal sealed class CleanupDispatcherBuilder(IServiceCollection services) : ICleanupDispatcherBuilder
{
    public IServiceCollection Services { get; } = services;
}
