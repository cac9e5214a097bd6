using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Data;

/// <summary>Goes on with the registration of the fenced cache.</summary>
public interface IFencedCacheBuilder
{
    /// <summary>Gets the services.</summary>
    IServiceCollection Services { get; }
}
