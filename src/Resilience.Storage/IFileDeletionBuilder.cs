using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Storage;

/// <summary>Completes the registration of transactional file deletion.</summary>
public interface IFileDeletionBuilder
{
    /// <summary>The services.</summary>
    IServiceCollection Services { get; }
}
