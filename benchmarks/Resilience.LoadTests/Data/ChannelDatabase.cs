using System.Data.Common;
using Npgsql;
using Resilience.TestKit;

namespace Resilience.LoadTests.Data;

/// <summary>A channel as a list shows it.</summary>
internal sealed record ChannelRow(int Id, string Name, int Members, string? Last, int Unread);

/// <summary>10,000 channels with 10 messages and 5 members each, and the statements that read them.</summary>
internal static class ChannelDatabase
{
    public const int User = 1;

    public const string List = "SELECT id, name FROM channels ORDER BY id LIMIT @count";

    /// <summary>Member count, last message and unread count of one channel: what a loop asks for each.</summary>
    public const string One = """
        SELECT @id AS id,
          (SELECT count(*)::int FROM members m WHERE m.channel_id = @id) AS members,
          (SELECT m.text FROM messages m WHERE m.channel_id = @id ORDER BY m.sequence DESC LIMIT 1) AS last,
          (SELECT count(*)::int FROM messages m WHERE m.channel_id = @id
            AND m.sequence > (SELECT r.last_read FROM members r WHERE r.channel_id = @id AND r.user_id = @user)) AS unread
        """;

    /// <summary>The same of many channels.</summary>
    public const string Many = """
        SELECT c.id,
          (SELECT count(*)::int FROM members m WHERE m.channel_id = c.id) AS members,
          (SELECT m.text FROM messages m WHERE m.channel_id = c.id ORDER BY m.sequence DESC LIMIT 1) AS last,
          (SELECT count(*)::int FROM messages m WHERE m.channel_id = c.id
            AND m.sequence > (SELECT r.last_read FROM members r WHERE r.channel_id = c.id AND r.user_id = @user)) AS unread
        FROM unnest(@ids) AS c(id)
        """;

    public static async Task<PostgreSqlDatabase> CreateAsync(PostgreSqlServer server)
    {
        var database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE channels (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE members (channel_id INTEGER NOT NULL REFERENCES channels (id), user_id INTEGER NOT NULL, last_read INTEGER NOT NULL, PRIMARY KEY (channel_id, user_id));
            CREATE TABLE messages (id INTEGER PRIMARY KEY, channel_id INTEGER NOT NULL REFERENCES channels (id), sequence INTEGER NOT NULL, text TEXT NOT NULL);
            CREATE UNIQUE INDEX messages_by_channel ON messages (channel_id, sequence);
            INSERT INTO channels SELECT i, 'channel ' || i FROM generate_series(1, 10000) i;
            INSERT INTO members SELECT 1 + i / 5, 1 + i % 5, i % 10 FROM generate_series(0, 49999) i;
            INSERT INTO messages SELECT i, 1 + i / 10, 1 + i % 10, 'message ' || i FROM generate_series(0, 99999) i;
            """);
        await database.ExecuteAsync("VACUUM ANALYZE");
        return database;
    }

    /// <summary>How the server would run one of the statements.</summary>
    public static async Task<string> ExplainAsync(DbDataSource source, string statement, params (string Name, object Value)[] values)
    {
        await using var command = (NpgsqlCommand)source.CreateCommand($"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {statement}");
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }

        var lines = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return $"```text{Environment.NewLine}{string.Join(Environment.NewLine, lines)}{Environment.NewLine}```";
    }
}
