using Npgsql;
using Resilience.Data;

namespace Messaging.Database;

/// <summary>The choice of the database: SQLite in a folder by default, PostgreSQL by <c>Storage:Provider</c>; its monitor, and its guarded writes.</summary>
internal static class DatabaseServiceExtensions
{
    internal static WebApplicationBuilder AddDatabase(this WebApplicationBuilder builder)
    {
        Dapper.DefaultTypeMap.MatchNamesWithUnderscores = true;
        var services = builder.Services;
        services.AddQueryMonitor(o => builder.Configuration.GetSection("Queries").Bind(o));
        if (builder.UsesPostgreSql())
        {
            services.AddPostgreSql(builder.Configuration.GetConnectionString("PostgreSql"));
        }
        else
        {
            services.AddSqlite(builder.DataDirectory());
        }

        services.AddGuardedTransactions(o => builder.Configuration.GetSection("Database").Bind(o));
        services.AddSingleton<Db>();
        services.AddHostedService<Migrator>();
        services.AddHealthChecks().AddCheck<DatabaseHealthCheck>("database", tags: ["ready"]).AddQueryMonitor();
        return builder;
    }

    internal static IServiceCollection AddSchema(this IServiceCollection services, string feature) => services.AddSingleton(new FeatureSchema(feature));

    /// <summary>
    /// Names a table whose rows are locked by plans. All transactions lock in the order in which the tables were added, which is that of the features.
    /// </summary>
    internal static IServiceCollection AddLockedTable(this IServiceCollection services, string table, params string[] key) =>
        services.Configure<GuardedTransactionOptions>(o => o.LockOrder.Add(new LockedTable(table, key)));

    /// <summary>The folder of everything that this node keeps: the embedded database, and files.</summary>
    internal static string DataDirectory(this WebApplicationBuilder builder) =>
        Path.GetFullPath(builder.Configuration["Data:Directory"] is { Length: > 0 } given ? given : "data", builder.Environment.ContentRootPath);

    internal static bool UsesPostgreSql(this WebApplicationBuilder builder) => builder.Configuration["Storage:Provider"] switch
    {
        null or "" or "Sqlite" => false,
        "PostgreSql" => true,
        var other => throw new InvalidOperationException($"Storage:Provider is '{other}'. Use Sqlite or PostgreSql."),
    };

    private static void AddSqlite(this IServiceCollection services, string directory)
    {
        SQLitePCL.Batteries_V2.Init();
        Directory.CreateDirectory(directory);
        services.AddSingleton<Dialect, SqliteDialect>();
        services.AddMonitoredDataSource(_ => new SqliteDataSource(Path.Combine(directory, "messaging.db")));
    }

    private static void AddPostgreSql(this IServiceCollection services, string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            throw new InvalidOperationException("Storage:Provider is PostgreSql, and ConnectionStrings:PostgreSql is empty. Set it, for example to 'Host=localhost;Database=messaging'.");
        }

        services.AddSingleton<Dialect, PostgreSqlDialect>();
        services.AddMonitoredDataSource(_ => new NpgsqlDataSourceBuilder(connectionString).Build());
    }
}
