using Xunit;

namespace Resilience.TestKit;

/// <summary>A database on the shared PostgreSQL server as a fixture of a test class (<c>IClassFixture&lt;PostgreSqlFixture&gt;</c>).</summary>
public sealed class PostgreSqlFixture : IAsyncLifetime
{
    /// <summary>An empty database of this class.</summary>
    public PostgreSqlDatabase Database { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var server = await PostgreSqlServer.SharedAsync().ConfigureAwait(false);
        Database = await server.CreateDatabaseAsync().ConfigureAwait(false);
    }

    /// <summary>Drops the database.</summary>
    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
