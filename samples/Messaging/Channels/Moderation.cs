using Messaging.Accounts;
using Messaging.Database;
using Messaging.Http;
using Messaging.Realtime;

namespace Messaging.Channels;

/// <summary>Roles and bans. Each change is decided and made in one transaction that holds the channel's row, so a channel never loses its last owner.</summary>
internal sealed class Moderation(Db database, Outbox outbox, TimeProvider time, IEnumerable<IMembershipObserver> observers)
{
    internal Task<IResult> SetRoleAsync(long channelId, Caller caller, long userId, string role, CancellationToken cancellationToken) =>
        database.WriteAsync<IResult>(
            async scope =>
            {
                var access = await Access.LockAsync(scope, channelId, caller.UserId);
                if (Access.Refusal(access) is { } notMember)
                {
                    return notMember;
                }

                if (!access!.IsOwner)
                {
                    return Problems.Forbidden("Only an owner changes roles.");
                }

                var before = await Access.LockRoleAsync(scope, channelId, userId);
                if (before is null)
                {
                    return Problems.NotFound("member");
                }

                if (before == Roles.Owner && role != Roles.Owner && await Access.IsLastOwnerAsync(scope, channelId))
                {
                    return Problems.Conflict("The last owner keeps the role. Make another member an owner first.");
                }

                await scope.ExecuteAsync(
                    "UPDATE members SET role = @role WHERE channel_id = @channelId AND user_id = @userId", new { role, channelId, userId });
                await TellAsync(scope, channelId, userId, role);
                return TypedResults.NoContent();
            },
            cancellationToken);

    internal async Task<IResult> BanAsync(long channelId, Caller caller, long userId, CancellationToken cancellationToken)
    {
        var refusal = await database.WriteAsync(
            async scope =>
            {
                var access = await Access.LockAsync(scope, channelId, caller.UserId);
                if (Refusal(access) is { } notAllowed)
                {
                    return notAllowed;
                }

                if (await scope.FirstOrDefaultAsync<long?>("SELECT id FROM users WHERE id = @userId", new { userId }) is null)
                {
                    return Problems.NotFound("user");
                }

                var role = await Access.LockRoleAsync(scope, channelId, userId);
                if (role == Roles.Owner && await Access.IsLastOwnerAsync(scope, channelId))
                {
                    return Problems.Conflict("The last owner cannot be banned. Make another member an owner first.");
                }

                return role is null or Roles.Member || access!.IsOwner
                    ? await BanAsync(scope, channelId, caller.UserId, userId, role)
                    : Problems.Forbidden("Only an owner bans owners and moderators.");
            },
            cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        foreach (var observer in observers)
        {
            await observer.LeftAsync(channelId, userId, CancellationToken.None);
        }

        return TypedResults.NoContent();
    }

    internal Task<IResult> LiftAsync(long channelId, Caller caller, long userId, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async scope => Refusal(await Access.LockAsync(scope, channelId, caller.UserId))
                ?? (await scope.ExecuteAsync("DELETE FROM bans WHERE channel_id = @channelId AND user_id = @userId", new { channelId, userId }) > 0
                    ? TypedResults.NoContent()
                    : Problems.NotFound("ban")),
            cancellationToken);

    private static IResult? Refusal(Access? access) =>
        Access.Refusal(access) ?? (access!.IsModerator ? null : Problems.Forbidden("Only owners and moderators ban."));

    private async Task<IResult?> BanAsync(DbScope scope, long channelId, long by, long userId, string? role)
    {
        await scope.ExecuteAsync(
            """
            INSERT INTO bans (channel_id, user_id, banned_by, banned_at) VALUES (@channelId, @userId, @by, @now)
            ON CONFLICT (channel_id, user_id) DO NOTHING
            """,
            new { channelId, userId, by, now = time.NowForStore() });
        if (role is not null)
        {
            await scope.ExecuteAsync("DELETE FROM members WHERE channel_id = @channelId AND user_id = @userId", new { channelId, userId });
            await TellAsync(scope, channelId, userId, null);
        }

        return null;
    }

    private Task TellAsync(DbScope scope, long channelId, long userId, string? role) =>
        outbox.AddAsync(scope, Topics.User(userId), "membership", new MembershipChanged(Ids.Format(channelId), role is not null, role));
}
