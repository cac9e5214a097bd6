using Dapper;
using Messaging.Database;
using Messaging.Http;
using Microsoft.Extensions.Caching.Hybrid;
using Resilience.Data;

namespace Messaging.Channels;

/// <summary>
/// The channels that a user sees, with their figures: one statement for what is the user's own, and at most one for what the cache has not, for any number of
/// channels.
/// </summary>
internal sealed class ChannelList(Db database, FencedCache cache, IBatchLoader<long, ChannelFigures> loader, ChannelCacheOptions caching)
{
    // Both halves seek: other users' private channels are never looked at. The join says once more where the page begins, or a merge from the first channel on
    // may look cheapest. Unread are the messages of others after the caller's position.
    private const string Select =
        """
        SELECT v.id, m.role,
            CASE WHEN m.user_id IS NULL OR m.read_sequence >= c.last_sequence THEN 0 ELSE (
                SELECT COUNT(*) FROM messages x WHERE x.channel_id = v.id AND x.sequence > m.read_sequence
                AND x.author_id <> @userId AND x.deleted_at IS NULL) END AS unread
        FROM (
            SELECT id FROM (SELECT id FROM channels WHERE private = 0 AND id > @After ORDER BY id LIMIT @take) AS open_to_all
            UNION
            SELECT id FROM (SELECT channel_id AS id FROM members WHERE user_id = @userId AND channel_id > @After ORDER BY channel_id LIMIT @take) AS joined
        ) AS v
        JOIN channels c ON c.id = v.id AND c.id > @After
        LEFT JOIN members m ON m.channel_id = v.id AND m.user_id = @userId
        ORDER BY v.id LIMIT @take
        """;

    internal async Task<ListOf<ChannelShape>> ReadAsync(long userId, Paging paging, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            async scope => (await scope.QueryAsync<ChannelRow>(Select, new { userId, paging.After, take = paging.Limit + 1 })).AsList(), cancellationToken);
        var figures = await cache.GetOrCreateManyAsync(
            [.. rows.Select(static row => row.Id)], ChannelFigures.Key, LoadAsync, caching.Entries, cancellationToken: cancellationToken);
        return paging.Page(rows, row => row.ToShape(figures[row.Id]), static row => row.Id);
    }

    /// <summary>One channel that the user sees.</summary>
    internal async Task<ChannelShape> ReadOneAsync(long userId, long channelId, CancellationToken cancellationToken) =>
        (await ReadAsync(userId, new Paging(channelId - 1, 1), cancellationToken)).Items[0];

    private async ValueTask<IReadOnlyDictionary<long, ChannelFigures>> LoadAsync(IReadOnlyList<long> missing, CancellationToken cancellationToken) =>
        (await loader.LoadManyAsync(missing, cancellationToken))
            .Where(static entry => entry.Value.ValueOrDefault is not null)
            .ToDictionary(static entry => entry.Key, static entry => entry.Value.ValueOrDefault!);
}

/// <summary>How entries of the cache are kept; <see langword="null"/> for the cache's own settings.</summary>
internal sealed record ChannelCacheOptions(HybridCacheEntryOptions? Entries);
