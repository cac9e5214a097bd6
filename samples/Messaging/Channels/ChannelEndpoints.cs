using Dapper;
using Messaging.Accounts;
using Messaging.Database;
using Messaging.Http;
using Messaging.Operations;

namespace Messaging.Channels;

/// <summary>Channels and their members.</summary>
internal static class ChannelEndpoints
{
    private const int MaxNameLength = 100;

    // The session, the page, and what the cache has not, for any number of channels.
    private static readonly StatementBudget ListBudget = new(3);

    internal static void MapChannels(this RouteGroupBuilder api)
    {
        var channels = api.MapGroup("/channels").WithTags("Channels").RequireAuthorization().ProducesProblem(401);
        channels.MapGet("/", ListAsync).WithSummary("All public channels and the caller's private ones, with their figures.")
            .Produces<ListOf<ChannelShape>>().ProducesValidationProblem().WithMetadata(ListBudget);
        channels.MapPost("/", CreateAsync).WithSummary("Create a channel; the caller becomes its owner.")
            .Produces<ChannelShape>(201).ProducesValidationProblem().ProducesProblem(429);
        channels.MapGet("/{id}/members", MembersAsync).WithSummary("The members of a channel.")
            .Produces<ListOf<MemberShape>>().ProducesValidationProblem().ProducesProblem(403).ProducesProblem(404);
        channels.MapPost("/{id}/members", AddMemberAsync).WithSummary("Join a public channel, or add a user as an owner.")
            .Produces(204).ProducesProblem(403).ProducesProblem(404);
        channels.MapDelete("/{id}/members/{userId}", RemoveMemberAsync).WithSummary("Leave (userId: me), or remove a member as an owner.")
            .Produces(204).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409);
        channels.MapPut("/{id}/read", MarkReadAsync).WithSummary("Mark everything up to a sequence as read; the position never goes back.")
            .Produces(204).ProducesValidationProblem().ProducesProblem(403).ProducesProblem(404);
    }

    private static async Task<IResult> ListAsync(
        string? after, string? limit, HttpContext context, ChannelList list, CancellationToken cancellationToken) =>
        Paging.TryParse(after, limit, out var paging, out var problem)
            ? TypedResults.Ok(await list.ReadAsync(Caller.Of(context.User).UserId, paging, cancellationToken))
            : problem;

    private static async Task<IResult> CreateAsync(
        CreateChannel channel, HttpContext context, Db database, Memberships memberships, ChannelQuota quota, ChannelList list, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!Validate.Name(channel.Name, "name", MaxNameLength, out var name, out var problem))
        {
            return problem;
        }

        var caller = Caller.Of(context.User);
        var created = await database.WriteAsync<long?>(
            ChannelQuota.Plan(caller.UserId),
            async scope =>
            {
                if (!await quota.HasRoomAsync(scope, caller.UserId))
                {
                    return null;
                }

                var id = await scope.SingleAsync<long>(
                    "INSERT INTO channels (name, private, last_sequence, created_at) VALUES (@name, @isPrivate, 0, @now) RETURNING id",
                    new { name, isPrivate = channel.Private == true ? 1 : 0, now = time.NowForStore() });
                await memberships.AddAsync(scope, id, caller.UserId, Roles.Owner, readSequence: 0);
                return id;
            },
            cancellationToken);
        if (!created.IsApplied)
        {
            throw new DatabaseBusyException(created.Outcome, created.Error);
        }

        return created.Value is { } channelId
            ? TypedResults.Created((string?)null, await list.ReadOneAsync(caller.UserId, channelId, cancellationToken))
            : quota.Refusal;
    }

    private static async Task<IResult> MembersAsync(
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

        var userId = Caller.Of(context.User).UserId;
        return await database.ReadAsync<IResult>(
            async scope =>
            {
                if (Access.Refusal(await Access.ReadAsync(scope, channelId, userId)) is { } refusal)
                {
                    return refusal;
                }

                var rows = (await scope.QueryAsync<MemberRow>(MemberRow.Select, new { channelId, paging.After, take = paging.Limit + 1 })).AsList();
                return TypedResults.Ok(paging.Page(rows, static row => row.ToShape(), static row => row.UserId));
            },
            cancellationToken);
    }

    private static async Task<IResult> AddMemberAsync(
        string id, AddMember? member, HttpContext context, Memberships memberships, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context.User);
        var userId = caller.UserId;
        if (!Ids.TryParse(id, out var channelId))
        {
            return Problems.NotFound("channel");
        }

        return member?.UserId is { } given && !Ids.TryParse(given, out userId)
            ? Problems.NotFound("user")
            : await memberships.AddAsync(channelId, caller, userId, cancellationToken);
    }

    private static async Task<IResult> RemoveMemberAsync(
        string id, string userId, HttpContext context, Memberships memberships, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context.User);
        var member = caller.UserId;
        if (!Ids.TryParse(id, out var channelId))
        {
            return Problems.NotFound("channel");
        }

        return userId != "me" && !Ids.TryParse(userId, out member)
            ? Problems.NotFound("member")
            : await memberships.RemoveAsync(channelId, caller, member, cancellationToken);
    }

    private static async Task<IResult> MarkReadAsync(
        string id, MarkRead read, HttpContext context, ReadPositions positions, CancellationToken cancellationToken)
    {
        if (!Ids.TryParse(id, out var channelId))
        {
            return Problems.NotFound("channel");
        }

        return read.Sequence is { } sequence and >= 0
            ? await positions.SetAsync(channelId, Caller.Of(context.User), sequence, cancellationToken)
            : Problems.Invalid("sequence", "is required, the sequence of a message or 0.");
    }
}
