using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Resilience.Data;

/// <summary>What every feature of the package needs.</summary>
internal static class DataServiceCollectionExtensions
{
    public static void AddDataCore(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<DataMetrics>();
        services.TryAddSingleton(static _ => new Jitter(new Random(RandomNumberGenerator.GetInt32(int.MaxValue))));
    }

    /// <summary>A logger, also outside a host that registers logging.</summary>
    public static ILogger LoggerFor<T>(this IServiceProvider provider) => (provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger<T>();
}
