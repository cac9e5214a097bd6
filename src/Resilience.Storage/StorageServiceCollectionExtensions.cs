using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Resilience.Storage;
using Resilience.Storage.Internal;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers transactional file deletion.</summary>
public static class StorageServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IFileDeletionService"/>, <see cref="IUploadRegistry"/>, <see cref="IDeletionAudit"/> and <see cref="IConfinedFiles"/>. Safe to call twice.</summary>
    /// <remarks>The database is the <see cref="System.Data.Common.DbDataSource"/> of the container unless the builder names another. See <c>docs/storage.md</c>.</remarks>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options, first of all <see cref="FileDeletionOptions.RootPath"/>.</param>
    public static IFileDeletionBuilder AddTransactionalFileDeletion(this IServiceCollection services, Action<FileDeletionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<FileDeletionOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FileDeletionOptions>, FileDeletionOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FileDeletionOptions>, FileDeletionOptionsRules>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StorageRegistration>();
        services.TryAddSingleton(static sp => sp.GetRequiredService<IOptions<FileDeletionOptions>>().Value);
        services.TryAddSingleton<InstanceId>();
        services.TryAddSingleton<StorageMetrics>();
        services.TryAddSingleton<StorageStatus>();
        services.TryAddSingleton(static sp => sp.GetRequiredService<StorageRegistration>().CreateDatabase(sp));
        services.TryAddSingleton(static sp => sp.GetRequiredService<StorageRegistration>().CreateStore(sp));
        services.TryAddSingleton(static sp => sp.GetRequiredService<StorageRegistration>().CreateRecords(sp));
        services.TryAddSingleton(static sp => sp.GetRequiredService<StorageRegistration>().CreateAuthorizer(sp));
        services.TryAddSingleton(static sp => sp.GetRequiredService<StorageRegistration>().CreateRetries(sp));
        services.TryAddSingleton(static sp => sp.GetRequiredService<IDeletableStore>() as IConfinedFiles
            ?? throw new InvalidOperationException("The store of your own offers no IConfinedFiles; use its own way to read and write."));
        services.TryAddSingleton<RootGuard>();
        services.TryAddSingleton<StorageInitializer>();
        services.TryAddSingleton<AuditWriter>();
        services.TryAddSingleton<BeginStep>();
        services.TryAddSingleton<FileRemover>();
        services.TryAddSingleton<FinishStep>();
        services.TryAddSingleton<RestoreStep>();
        services.TryAddSingleton<CommitTransaction>();
        services.TryAddSingleton(static sp => new CommitLoop(
            sp.GetRequiredService<CommitTransaction>(),
            sp.GetRequiredService<StorageDatabase>().Dialect,
            Judge.IsNeeded(sp.GetRequiredService<IDeletionAuthorizer>(), sp.GetRequiredService<IDeletableStore>()),
            sp.GetRequiredService<RetryPipeline>().IsOwn,
            sp.GetRequiredService<FileDeletionOptions>(),
            sp.GetRequiredService<StorageMetrics>(),
            sp.GetRequiredService<ILogger<CommitLoop>>()));
        services.TryAddSingleton<Judge>();
        services.TryAddSingleton<DeletionEngine>();
        services.TryAddSingleton<UploadRegistry>();
        services.TryAddSingleton<IFileDeletionService>(static sp => sp.GetRequiredService<DeletionEngine>());
        services.TryAddSingleton<IUploadRegistry>(static sp => sp.GetRequiredService<UploadRegistry>());
        services.TryAddSingleton<IDeletionAudit, DeletionAudit>();
        services.AddHostedService<RecoveryService>();
        return new FileDeletionBuilder(services);
    }

    private sealed class FileDeletionBuilder(IServiceCollection services) : IFileDeletionBuilder
    {
        public IServiceCollection Services => services;
    }
}
