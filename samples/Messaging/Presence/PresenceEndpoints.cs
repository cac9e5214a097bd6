using Dapper;
using Messaging.Accounts;
using Messaging.Channels;
using Messaging.Database;
using Messaging.Http;

namespace Messaging.Presence;

/// <summary>Who is online: what the events of a stream go on from.</summary>
internal static class PresenceEndpoints
{
    internal static void MapPresence(this RouteGroupBuilder api) =>
        api.MapGet("/channels/{id}/presence", ReadAsync).WithTags("Channels").RequireAuthorization().ProducesProblem(401)
            .WithSummary("Who is online in a channel. Open the stream first: its presence events go on from here.")
            .Produces<ListOf<PresenceEvent>>().ProducesValidationProblem().ProducesProblem(403).ProducesProblem(404);

    private static async Task<IResult> ReadAsync(
        string id, string? after, string? limit, HttpContext context, Db database, PresenceRoster roster, CancellationToken cancellationToken)
    {
        if (!Ids.TryParse(id, out var channelId))
        {
            return Problems.NotFound("channel");
        }

        if (!Paging.TryParse(after, limit, out var paging, out var problem))
        {
            return problem;
        }

        return await database.ReadAsync<IResult>(
            async scope =>
            {
                if (Access.Refusal(await Access.ReadAsync(scope, channelId, Caller.Of(context.User).UserId)) is { } refusal)
                {
                    return refusal;
                }

                var ids = roster.Read(channelId, paging.After, paging.Limit + 1);
                var users = ids.Length == 0
                    ? []
                    : (await scope.QueryAsync<(long Id, string Name)>(
                        $"SELECT id, name FROM users WHERE {scope.Dialect.IsOneOf("id", "@ids")} ORDER BY id", new { ids })).AsList();
                return TypedResults.Ok(paging.Page(users, user => PresenceEvent.Of(channelId, user, online: true), static user => user.Id));
            },
            cancellationToken);
    }
}
