using System.Data.Common;
using Npgsql;

namespace Messaging.Database;

/// <summary>The choice of the database: SQLite in a folder by default, PostgreSQL by <c>Storage:Provider</c>.</summary>
internal static class DatabaseServiceExtensions
{
    internal static WebApplicationBuilder AddDatabase(this WebApplicationBuilder builder)
    {
        Dapper.DefaultTypeMap.MatchNamesWithUnderscores = true;
        var configuration = builder.Configuration;
        switch (configuration["Storage:Provider"])
        {
            case null or "" or "Sqlite":
                builder.Services.AddSqlite(DataDirectory(builder));
                break;
            case "PostgreSql":
                builder.Services.AddPostgreSql(configuration.GetConnectionString("PostgreSql"));
                break;
            case var other:
                throw new InvalidOperationException($"Storage:Provider is '{other}'. Use Sqlite or PostgreSql.");
        }

        builder.Services.AddSingleton<Db>();
        builder.Services.AddHostedService<Migrator>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealthCheck>("database", tags: ["ready"]);
        return builder;
    }

    internal static IServiceCollection AddSchema(this IServiceCollection services, string feature) => services.AddSingleton(new FeatureSchema(feature));

    /// <summary>The folder of everything that this node keeps: the embedded database, and files.</summary>
    internal static string DataDirectory(this WebApplicationBuilder builder) =>
        Path.GetFullPath(builder.Configuration["Data:Directory"] is { Length: > 0 } given ? given : "data", builder.Environment.ContentRootPath);

    private static void AddSqlite(this IServiceCollection services, string directory)
    {
        SQLitePCL.Batteries_V2.Init();
        Directory.CreateDirectory(directory);
        services.AddSingleton<Dialect, SqliteDialect>();
        services.AddSingleton<DbDataSource>(_ => new SqliteDataSource(Path.Combine(directory, "messaging.db")));
    }

    private static void AddPostgreSql(this IServiceCollection services, string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            throw new InvalidOperationException("Storage:Provider is PostgreSql, and ConnectionStrings:PostgreSql is empty. Set it, for example to 'Host=localhost;Database=messaging'.");
        }

        services.AddSingleton<Dialect, PostgreSqlDialect>();
        services.AddSingleton<DbDataSource>(_ => new NpgsqlDataSourceBuilder(connectionString).Build());
    }
}
