using System.Data.Common;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Resilience.Data;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers guarded transactions.</summary>
public static class GuardedTransactionsServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IGuardedTransactions"/> (a singleton) on the registered <see cref="DbDataSource"/>. Safe to call twice.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddGuardedTransactions(this IServiceCollection services, Action<GuardedTransactionOptions>? configure = null) =>
        services.AddGuardedTransactions(static provider => provider.GetRequiredService<DbDataSource>(), configure);

    /// <summary>Adds <see cref="IGuardedTransactions"/> (a singleton) on a data source of your choice.</summary>
    /// <param name="services">The services.</param>
    /// <param name="source">Gives the source of connections, for example a keyed one.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddGuardedTransactions(
        this IServiceCollection services, Func<IServiceProvider, DbDataSource> source, Action<GuardedTransactionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(source);
        services.AddDataCore();
        var options = services.AddOptions<GuardedTransactionOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GuardedTransactionOptions>, GuardedTransactionOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GuardedTransactionOptions>, GuardedTransactionOptionsRules>());
        services.TryAddSingleton<IGuardedTransactions>(provider => new GuardedTransactions(
            source(provider),
            provider.GetRequiredService<IOptions<GuardedTransactionOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Jitter>(),
            provider.GetRequiredService<DataMetrics>(),
            provider.LoggerFor<GuardedTransactions>(),
            provider.GetService<ICommitFence>));
        return services;
    }
}
