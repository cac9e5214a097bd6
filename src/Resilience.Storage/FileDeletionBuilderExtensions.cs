using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Polly;
using Resilience.Storage;
using Resilience.Storage.Internal;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What deletions work on: the database, the records, the files.</summary>
public static class FileDeletionBuilderExtensions
{
    /// <summary>Names the database. Without this call it is the <see cref="DbDataSource"/> of the container.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="factory">Gives the data source; it is not disposed by this package.</param>
    /// <param name="dialect">Its dialect; null learns it from the connection's type.</param>
    public static IFileDeletionBuilder UseDatabase(this IFileDeletionBuilder builder, Func<IServiceProvider, DbDataSource> factory, SqlDialect? dialect = null)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return builder.Configure(r => (r.DataSource, r.Dialect) = (factory, dialect));
    }

    /// <summary>Names the database by the key that it is registered with.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="serviceKey">The key of the <see cref="DbDataSource"/>.</param>
    /// <param name="dialect">Its dialect; null learns it from the connection's type.</param>
    public static IFileDeletionBuilder UseDatabase(this IFileDeletionBuilder builder, object serviceKey, SqlDialect? dialect = null) =>
        builder.UseDatabase(sp => sp.GetRequiredKeyedService<DbDataSource>(serviceKey), dialect);

    /// <summary>The records are the rows of one table.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="table">The table.</param>
    /// <param name="configure">Names its columns, first of all <see cref="RecordTable.PendingColumn"/>.</param>
    public static IFileDeletionBuilder UseTable(this IFileDeletionBuilder builder, string table, Action<RecordTable>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(table);
        var map = new RecordTable { Table = table };
        configure?.Invoke(map);
        if (map.FailedColumn is not null && map.PendingColumn is null)
        {
            throw new ArgumentException("RecordTable.FailedColumn needs PendingColumn: without it the row is inserted as it was.", nameof(configure));
        }

        return builder.Configure(r => r.Records = (_, dialect) => map.PendingColumn is null ? new SnapshotTable(map, dialect) : new PendingColumnTable(map, dialect))
            .Configure(r => r.HasOwner = map.OwnerColumn is not null);
    }

    /// <summary>The records are in a store of your own.</summary>
    /// <typeparam name="T">The store; a singleton.</typeparam>
    /// <param name="builder">The builder.</param>
    public static IFileDeletionBuilder UseStore<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(this IFileDeletionBuilder builder)
        where T : class, IFileRecordStore
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<T>();
        return builder.Configure(static r => r.Records = static (sp, _) => new StoreAdapter(sp.GetRequiredService<T>())).Configure(static r => r.HasOwner = true);
    }

    /// <summary>The files are in a store of your own.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="factory">Gives the store.</param>
    public static IFileDeletionBuilder UseFiles(this IFileDeletionBuilder builder, Func<IServiceProvider, IDeletableStore> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return builder.Configure(r => r.Files = factory);
    }

    /// <summary>Who may delete is decided by a service of your own instead of by the owner column.</summary>
    /// <typeparam name="T">The service; a singleton.</typeparam>
    /// <param name="builder">The builder.</param>
    public static IFileDeletionBuilder AddAuthorizer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(this IFileDeletionBuilder builder)
        where T : class, IDeletionAuthorizer
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<T>();
        return builder.Configure(static r => r.Authorizer = static sp => sp.GetRequiredService<T>());
    }

    /// <summary>Everyone may delete: the application decides before it calls.</summary>
    /// <param name="builder">The builder.</param>
    public static IFileDeletionBuilder AllowAnyUser(this IFileDeletionBuilder builder) =>
        builder.Configure(static r => r.Authorizer = static _ => new AnyUserAuthorizer());

    /// <summary>Replaces the retries. The pipeline sees a <see cref="FileAttemptException"/> for each try that fails; its waits hold no connection.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="factory">Gives the pipeline.</param>
    public static IFileDeletionBuilder UseRetryPipeline(this IFileDeletionBuilder builder, Func<IServiceProvider, ResiliencePipeline> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return builder.Configure(r => r.Retries = factory);
    }

    /// <summary>Sends a copy of each audit entry to a service of your own.</summary>
    /// <typeparam name="T">The service; a singleton.</typeparam>
    /// <param name="builder">The builder.</param>
    public static IFileDeletionBuilder AddAuditSink<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(this IFileDeletionBuilder builder)
        where T : class, IDeletionAuditSink
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IDeletionAuditSink, T>());
        return builder;
    }

    /// <summary>Adds the daily sweep for files without a record, and <see cref="IOrphanSweeper"/>. Safe to call twice.</summary>
    /// <remarks>Anything that writes files must make them known first, by <see cref="IUploadRegistry"/>; else set <see cref="OrphanSweeperOptions.MinimumAge"/>.</remarks>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">Sets options.</param>
    public static IFileDeletionBuilder AddOrphanSweeper(this IFileDeletionBuilder builder, Action<OrphanSweeperOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var options = services.AddOptions<OrphanSweeperOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OrphanSweeperOptions>, OrphanSweeperOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OrphanSweeperOptions>, OrphanSweeperOptionsRules>());
        services.TryAddSingleton(static sp => sp.GetRequiredService<IOptions<OrphanSweeperOptions>>().Value);
        services.TryAddSingleton(static sp => new SweepJitter(new Random(StringComparer.Ordinal.GetHashCode(sp.GetRequiredService<InstanceId>().Value))));
        services.TryAddSingleton<OrphanSweeper>();
        services.TryAddSingleton<IOrphanSweeper>(static sp => sp.GetRequiredService<OrphanSweeper>());
        services.AddHostedService<SweepService>();
        return builder;
    }

    private static IFileDeletionBuilder Configure(this IFileDeletionBuilder builder, Action<StorageRegistration> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton(new StorageRegistrationStep(configure));
        return builder;
    }
}
