using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Polly;

namespace Resilience.Storage.Internal;

/// <summary>One call of the builder.</summary>
internal sealed record StorageRegistrationStep(Action<StorageRegistration> Configure);

/// <summary>What the builder was told; later calls win. Read once, when the container first needs the parts.</summary>
internal sealed class StorageRegistration
{
    public StorageRegistration(IEnumerable<StorageRegistrationStep> steps)
    {
        foreach (var step in steps)
        {
            step.Configure(this);
        }
    }

    public Func<IServiceProvider, DbDataSource>? DataSource { get; set; }

    public SqlDialect? Dialect { get; set; }

    public Func<IServiceProvider, SqlDialect, IRecordAdapter>? Records { get; set; }

    public Func<IServiceProvider, IDeletableStore>? Files { get; set; }

    public Func<IServiceProvider, IDeletionAuthorizer>? Authorizer { get; set; }

    public Func<IServiceProvider, ResiliencePipeline>? Retries { get; set; }

    public bool HasOwner { get; set; }

    public StorageDatabase CreateDatabase(IServiceProvider services)
    {
        var source = DataSource?.Invoke(services) ?? services.GetService<DbDataSource>()
            ?? throw new InvalidOperationException("There is no DbDataSource: register one, or call UseDatabase(...).");

        // The limit is that of SQLite's provider, which counts on the system's clock; the rest of it is the provider's.
        return new(source, Dialect ?? Recognize(source), services.GetRequiredService<FileDeletionOptions>(), TimeProvider.System);
    }

    public IDeletableStore CreateStore(IServiceProvider services)
    {
        if (Files is not null)
        {
            return Files(services);
        }

        var options = services.GetRequiredService<FileDeletionOptions>();
        if (string.IsNullOrWhiteSpace(options.RootPath))
        {
            throw new InvalidOperationException("FileDeletionOptions.RootPath is empty: set it to the folder of the files, or call UseFiles(...).");
        }

        if (OperatingSystem.IsLinux())
        {
            return new LinuxFileStore(options.RootPath);
        }

        StorageLog.BestEffort(services.GetRequiredService<ILogger<StorageRegistration>>());
        return new PortableFileStore(options.RootPath);
    }

    public IRecordAdapter CreateRecords(IServiceProvider services) =>
        Records?.Invoke(services, services.GetRequiredService<StorageDatabase>().Dialect)
        ?? throw new InvalidOperationException("It is not said where the records are: call UseTable(...) or UseStore<T>().");

    public IDeletionAuthorizer CreateAuthorizer(IServiceProvider services)
    {
        if (Authorizer is not null)
        {
            return Authorizer(services);
        }

        return HasOwner
            ? new OwnerAuthorizer()
            : throw new InvalidOperationException("It is not said who may delete: set RecordTable.OwnerColumn, or call AddAuthorizer<T>() or AllowAnyUser().");
    }

    public RetryPipeline CreateRetries(IServiceProvider services) => Retries is not null
        ? new(Retries(services))
        : RetryPipeline.Create(services.GetRequiredService<FileDeletionOptions>(), services.GetRequiredService<TimeProvider>());

    private static SqlDialect Recognize(DbDataSource source)
    {
        using var connection = source.CreateConnection();
        var type = connection.GetType().FullName ?? string.Empty;
        if (type.Contains("Sqlite", StringComparison.OrdinalIgnoreCase))
        {
            return SqlDialect.Sqlite;
        }

        return type.Contains("Npgsql", StringComparison.OrdinalIgnoreCase)
            ? SqlDialect.PostgreSql
            : throw new InvalidOperationException($"The dialect of {type} is not known: name it in UseDatabase(..., SqlDialect).");
    }
}
