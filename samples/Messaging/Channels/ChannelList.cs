using Dapper;
using Messaging.Database;
using Messaging.Http;
using Messaging.Messages;

namespace Messaging.Channels;

/// <summary>The channels that a user sees, with their figures, in two statements for any number of channels.</summary>
internal sealed class ChannelList(Db database)
{
    // Unread are the messages of others after the caller's position. One who has not joined gets neither text nor count.
    private const string Select =
        """
        SELECT c.id, c.name, c.private, m.role,
            (SELECT COUNT(*) FROM members o WHERE o.channel_id = c.id) AS members,
            CASE WHEN m.user_id IS NULL THEN 0 ELSE (
                SELECT COUNT(*) FROM messages x WHERE x.channel_id = c.id AND x.sequence > m.read_sequence
                AND x.author_id <> @userId AND x.deleted_at IS NULL) END AS unread,
            CASE WHEN m.user_id IS NULL THEN NULL ELSE (
                SELECT x.id FROM messages x WHERE x.channel_id = c.id AND x.deleted_at IS NULL ORDER BY x.sequence DESC LIMIT 1) END AS last_id
        FROM channels c LEFT JOIN members m ON m.channel_id = c.id AND m.user_id = @userId
        """;

    internal Task<ListOf<ChannelShape>> ReadAsync(long userId, Paging paging, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async scope =>
            {
                var rows = (await scope.QueryAsync<ChannelRow>(
                    Select + " WHERE c.id > @After AND (c.private = 0 OR m.user_id IS NOT NULL) ORDER BY c.id LIMIT @take",
                    new { userId, paging.After, take = paging.Limit + 1 })).AsList();
                var last = await LastMessagesAsync(scope, rows);
                return paging.Page(rows, row => row.ToShape(Last(last, row)), static row => row.Id);
            },
            cancellationToken);

    internal static async Task<ChannelShape> ReadOneAsync(DbScope scope, long userId, long channelId)
    {
        var row = await scope.SingleAsync<ChannelRow>(Select + " WHERE c.id = @channelId", new { userId, channelId });
        return row.ToShape(Last(await LastMessagesAsync(scope, [row]), row));
    }

    private static MessageShape? Last(Dictionary<long, MessageShape> messages, ChannelRow row) =>
        row.LastId is { } id ? messages.GetValueOrDefault(id) : null;

    private static async Task<Dictionary<long, MessageShape>> LastMessagesAsync(DbScope scope, List<ChannelRow> rows)
    {
        var ids = rows.Where(static row => row.LastId is not null).Select(static row => row.LastId!.Value).ToArray();
        return ids.Length == 0
            ? []
            : (await scope.QueryAsync<MessageRow>(MessageRow.Select + " WHERE " + scope.Dialect.IsOneOf("m.id", "@ids"), new { ids }))
                .ToDictionary(static row => row.Id, static row => row.ToShape());
    }
}
