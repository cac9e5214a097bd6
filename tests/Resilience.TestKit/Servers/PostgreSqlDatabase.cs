using Npgsql;

namespace Resilience.TestKit;

/// <summary>A database of its own on a <see cref="PostgreSqlServer"/>. Dispose it to drop it. Thread-safe.</summary>
public sealed class PostgreSqlDatabase : IAsyncDisposable
{
    private readonly Lazy<NpgsqlDataSource> _dataSource;

    internal PostgreSqlDatabase(PostgreSqlServer server, string name)
    {
        Server = server;
        Name = name;
        ConnectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name, Pooling = true, MaxPoolSize = 50 }.ConnectionString;
        _dataSource = new Lazy<NpgsqlDataSource>(() => NpgsqlDataSource.Create(ConnectionString));
    }

    /// <summary>The server that holds it.</summary>
    public PostgreSqlServer Server { get; }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Connection string with pooling, at most 50 connections.</summary>
    public string ConnectionString { get; }

    /// <summary>A pooled source of connections, closed with the database.</summary>
    public NpgsqlDataSource DataSource => _dataSource.Value;

    /// <summary>Runs statements that return nothing; for set-up code whose text is constant.</summary>
    /// <param name="sql">One or more statements.</param>
    public async Task ExecuteAsync(string sql)
    {
        var command = DataSource.CreateCommand(sql);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Drops the database, with whatever connections it still has. A server that does not run is left alone.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_dataSource.IsValueCreated)
        {
            await _dataSource.Value.DisposeAsync().ConfigureAwait(false);
        }

        if (Server.IsRunning)
        {
            await Server.ExecuteAsync($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)").ConfigureAwait(false);
        }
    }
}
