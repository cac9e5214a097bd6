using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Sse;

/// <summary>What <c>AddSseManager</c> returns: other packages add to it.</summary>
public interface ISseManagerBuilder
{
    /// <summary>The services that the manager is registered in.</summary>
    IServiceCollection Services { get; }
}
