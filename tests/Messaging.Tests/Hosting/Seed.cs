using System.Globalization;

namespace Messaging.Tests;

/// <summary>Data in bulk, written by the same SQL on both databases. Sequences and positions are as the application would have written them.</summary>
internal static class Seed
{
    /// <summary>Adds public channels, all of whose members are the users there are, with messages of the first of them, and nothing read.</summary>
    internal static Task ChannelsAsync(TestApp app, int channels, int messages) => Stored.RunAsync(app, string.Create(
        CultureInfo.InvariantCulture,
        $"""
        INSERT INTO channels (name, private, last_sequence, created_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {channels}) SELECT 'seeded ' || i, 0, {messages}, 0 FROM n;
        INSERT INTO members (channel_id, user_id, role, read_sequence, joined_at)
            SELECT c.id, u.id, CASE WHEN u.id = (SELECT MIN(id) FROM users) THEN 'owner' ELSE 'member' END, 0, 0 FROM channels c, users u
            WHERE NOT EXISTS (SELECT 1 FROM members m WHERE m.channel_id = c.id);
        INSERT INTO messages (channel_id, sequence, author_id, text, sent_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {messages})
            SELECT c.id, n.i, (SELECT MIN(id) FROM users), 'text ' || n.i, 0 FROM channels c, n
            WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.channel_id = c.id);
        """));

    /// <summary>Adds users, each with a session, who cannot sign in again.</summary>
    internal static Task UsersAsync(TestApp app, int users) => Stored.RunAsync(app, string.Create(
        CultureInfo.InvariantCulture,
        $"""
        INSERT INTO users (name, name_key, password_hash, created_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {users})
            SELECT 'seeded ' || i || ' of {users}', 'SEEDED ' || i || ' OF {users}', '', 0 FROM n;
        INSERT INTO sessions (user_id, token_hash, created_at, expires_at)
            SELECT id, 'seeded ' || id, 0, 9000000000000 FROM users u WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id)
        """));

    /// <summary>Adds private channels that nobody sees.</summary>
    internal static Task HiddenChannelsAsync(TestApp app, int channels) => Stored.RunAsync(app, string.Create(
        CultureInfo.InvariantCulture,
        $"""
        INSERT INTO channels (name, private, last_sequence, created_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {channels}) SELECT 'hidden ' || i, 1, 0, 0 FROM n
        """));

    /// <summary>Adds messages that were sent later, and some that are due in a far future.</summary>
    internal static Task ScheduledAsync(TestApp app, int messages) => Stored.RunAsync(app, string.Create(
        CultureInfo.InvariantCulture,
        $"""
        INSERT INTO scheduled_messages (queue_key, channel_id, author_id, text, client_id, created_at, due_at, state)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {messages})
            SELECT 'seeded ' || i, 1 + i % 400, (SELECT MIN(id) FROM users) + i % 20, 'later', 'seeded ' || i, 0, 9000000000000 + i, CASE WHEN i % 50 = 0 THEN 'pending' ELSE 'sent' END FROM n
        """));
}
