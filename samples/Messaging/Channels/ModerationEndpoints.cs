using Dapper;
using Messaging.Accounts;
using Messaging.Database;
using Messaging.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Channels;

/// <summary>What PUT /api/channels/{id}/roles/{userId} takes.</summary>
public sealed record SetRole(string? Role);

/// <summary>Roles and bans.</summary>
internal static class ModerationEndpoints
{
    internal static void MapModeration(this RouteGroupBuilder api)
    {
        var channel = api.MapGroup("/channels/{id}").WithTags("Channels").RequireAuthorization()
            .ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409);
        channel.MapPut("/roles/{userId}", SetRoleAsync).WithSummary("Make a member owner, moderator or member, as an owner.").Produces(204).ProducesValidationProblem();
        channel.MapGet("/bans", BansAsync).WithSummary("Who is banned, for owners and moderators.").Produces<ListOf<BanShape>>().ProducesValidationProblem();
        channel.MapPut("/bans/{userId}", BanAsync).WithSummary("Ban a user, as owner or moderator. A member leaves at once.").Produces(204);
        channel.MapDelete("/bans/{userId}", LiftAsync).WithSummary("Lift a ban, as owner or moderator.").Produces(204);
    }

    private static async Task<IResult> SetRoleAsync(
        string id, string userId, SetRole given, HttpContext context, Moderation moderation, CancellationToken cancellationToken)
    {
        if (NotFound(id, userId, out var channel, out var user) is { } unknown)
        {
            return unknown;
        }

        return given.Role is Roles.Owner or Roles.Moderator or Roles.Member
            ? await moderation.SetRoleAsync(channel, Caller.Of(context.User), user, given.Role, cancellationToken)
            : Problems.Invalid("role", "must be owner, moderator or member.");
    }

    private static async Task<IResult> BanAsync(
        string id, string userId, HttpContext context, Moderation moderation, CancellationToken cancellationToken) =>
        NotFound(id, userId, out var channel, out var user) is { } unknown
            ? unknown
            : await moderation.BanAsync(channel, Caller.Of(context.User), user, cancellationToken);

    private static async Task<IResult> LiftAsync(
        string id, string userId, HttpContext context, Moderation moderation, CancellationToken cancellationToken) =>
        NotFound(id, userId, out var channel, out var user) is { } unknown
            ? unknown
            : await moderation.LiftAsync(channel, Caller.Of(context.User), user, cancellationToken);

    private static async Task<IResult> BansAsync(
        string id, string? after, string? limit, HttpContext context, Db database, CancellationToken cancellationToken)
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
                var access = await Access.ReadAsync(scope, channelId, Caller.Of(context.User).UserId);
                if (Access.Refusal(access) is { } refusal)
                {
                    return refusal;
                }

                if (access!.Role == Roles.Member)
                {
                    return Problems.Forbidden("Only owners and moderators see who is banned.");
                }

                var rows = (await scope.QueryAsync<BanRow>(BanRow.Select, new { channelId, paging.After, take = paging.Limit + 1 })).AsList();
                return TypedResults.Ok(paging.Page(rows, static row => row.ToShape(), static row => row.UserId));
            },
            cancellationToken);
    }

    private static ProblemHttpResult? NotFound(string id, string userId, out long channel, out long user)
    {
        user = 0;
        return !Ids.TryParse(id, out channel) ? Problems.NotFound("channel") : !Ids.TryParse(userId, out user) ? Problems.NotFound("user") : null;
    }
}
