using Dapper;
using Messaging.Accounts;
using Messaging.Database;
using Messaging.Http;
using Resilience.Sse;

namespace Messaging.Realtime;

/// <summary>GET /api/events: the caller's own channel, and those asked for that the caller is a member of.</summary>
internal static class EventsEndpoint
{
    // The hub's 64 channels of one stream, less the caller's own.
    private const int MaxChannels = 63;

    internal static async ValueTask<IResult> ConnectAsync(SseConnectContext connect, Db database, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(connect.User);
        var asked = (connect.Query("channels") ?? string.Empty)
            .Split(',', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToList();
        if (asked.Count > MaxChannels)
        {
            return Problems.Invalid("channels", $"has {asked.Count} ids, at most {MaxChannels} are allowed.");
        }

        var ids = new long[asked.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            if (!Ids.TryParse(asked[i], out ids[i]))
            {
                return Problems.NotFound("channel");
            }
        }

        // Signing out and leaving act on a connection from here on, also while the membership is still being read.
        connect.Tag(SessionStreams.Tag(caller.SessionId));
        return await RefusalAsync(database, caller.UserId, ids, cancellationToken)
            ?? SseResults.Subscribe([Topics.User(caller.UserId), .. ids.Select(Topics.Channel)]);
    }

    private static async Task<IResult?> RefusalAsync(Db database, long userId, long[] ids, CancellationToken cancellationToken)
    {
        if (ids.Length == 0)
        {
            return null;
        }

        var found = await database.ReadAsync(
            async scope => (await scope.QueryAsync<(long Id, long? Member)>(
                "SELECT c.id, m.user_id FROM channels c LEFT JOIN members m ON m.channel_id = c.id AND m.user_id = @userId WHERE "
                    + scope.Dialect.IsOneOf("c.id", "@ids"),
                new { userId, ids })).AsList(),
            cancellationToken);
        if (found.Count < ids.Length)
        {
            return Problems.NotFound("channel");
        }

        return found.Exists(static channel => channel.Member is null) ? Problems.NotMember() : null;
    }
}
