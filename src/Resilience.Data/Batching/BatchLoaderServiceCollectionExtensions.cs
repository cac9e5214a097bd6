using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Resilience.Data;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers batch loaders.</summary>
public static class BatchLoaderServiceCollectionExtensions
{
    /// <summary>
    /// Adds an <see cref="IBatchLoader{TKey, TValue}"/> (scoped) under a name as a keyed service, and without a key when it is the only one of its types.
    /// </summary>
    /// <typeparam name="TKey">Type of the key.</typeparam>
    /// <typeparam name="TValue">Type of the value.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The loader's name, from the application's own set.</param>
    /// <param name="load">Loads many keys with one query.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddBatchLoader<TKey, TValue>(
        this IServiceCollection services, string name, BatchLoad<TKey, TValue> load, Action<BatchLoaderOptions>? configure = null)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(load);
        services.AddDataCore();
        var options = services.AddOptions<BatchLoaderOptions>(name).ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<BatchLoaderOptions>, BatchLoaderOptionsValidator>());
        if (services.Any(d => d.ServiceType == typeof(IBatchLoader<TKey, TValue>) && d.IsKeyedService && Equals(d.ServiceKey, name)))
        {
            return services;
        }

        services.AddKeyedScoped<IBatchLoader<TKey, TValue>>(name, (provider, _) => new BatchLoader<TKey, TValue>(
            name,
            load,
            provider.GetRequiredService<IOptionsMonitor<BatchLoaderOptions>>().Get(name),
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetRequiredService<DataMetrics>(),
            provider.LoggerFor<BatchLoader<TKey, TValue>>()));
        var names = services.Where(static d => d.ServiceType == typeof(IBatchLoader<TKey, TValue>) && d.IsKeyedService).Select(static d => (string)d.ServiceKey!).ToArray();
        services.RemoveAll(typeof(IBatchLoader<TKey, TValue>), isKeyed: false);
        services.AddScoped(provider => names.Length == 1
            ? provider.GetRequiredKeyedService<IBatchLoader<TKey, TValue>>(names[0])
            : throw new InvalidOperationException($"There are several loaders of these types ({string.Join(", ", names)}); ask for one by [FromKeyedServices]."));
        return services;
    }

    private static void RemoveAll(this IServiceCollection services, Type type, bool isKeyed)
    {
        for (var i = services.Count - 1; i >= 0; i--)
        {
            if (services[i].ServiceType == type && services[i].IsKeyedService == isKeyed)
            {
                services.RemoveAt(i);
            }
        }
    }
}
