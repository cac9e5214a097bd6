namespace Resilience.Data.Tests.Support;

/// <summary>A small schema with channels, members, bans and messages, and services on it.</summary>
internal static class Forum
{
    public const string Schema = """
        CREATE TABLE channels (id INTEGER PRIMARY KEY, name TEXT NOT NULL, uses INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE members (channel_id INTEGER NOT NULL REFERENCES channels(id), user_id INTEGER NOT NULL, role TEXT NOT NULL, PRIMARY KEY (channel_id, user_id));
        CREATE TABLE bans (channel_id INTEGER NOT NULL, user_id INTEGER NOT NULL, PRIMARY KEY (channel_id, user_id));
        CREATE TABLE messages (id INTEGER PRIMARY KEY, channel_id INTEGER NOT NULL, author_id INTEGER NOT NULL, text TEXT NOT NULL, edits INTEGER NOT NULL DEFAULT 0);
        INSERT INTO channels (id, name) VALUES (1, 'general');
        INSERT INTO members (channel_id, user_id, role) VALUES (1, 1, 'owner'), (1, 2, 'member'), (1, 3, 'moderator');
        INSERT INTO messages (id, channel_id, author_id, text) VALUES (1, 1, 2, 'one'), (2, 1, 2, 'two'), (3, 1, 3, 'three'), (4, 1, 1, 'four');
        """;

    public static void Order(GuardedTransactionOptions options)
    {
        options.LockOrder.Add(new LockedTable("channels", "id"));
        options.LockOrder.Add(new LockedTable("members", "channel_id", "user_id"));
        options.LockOrder.Add(new LockedTable("messages", "id"));
    }

    public static GuardPlan Edit(int user, int message) => GuardPlan.Create()
        .RequireRow("members", ("channel_id", 1), ("user_id", user))
        .RequireRow("messages", ("id", message), ("author_id", user))
        .LockRows("messages", "id", [message])
        .ExpectRows();

    public static Sql SetText(int message, string text) => Sql.Of($"UPDATE messages SET text = {text}, edits = edits + 1 WHERE id = {message}");
}
