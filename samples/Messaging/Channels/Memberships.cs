using Messaging.Accounts;
using Messaging.Database;
using Messaging.Http;
using Messaging.Realtime;

namespace Messaging.Channels;

/// <summary>Who is in a channel. Each change is decided and made in one transaction that holds the channel's row.</summary>
internal sealed class Memberships(Db database, Outbox outbox, TimeProvider time, IEnumerable<IMembershipObserver> observers)
{
    internal async Task<IResult> AddAsync(long channelId, Caller caller, long userId, CancellationToken cancellationToken)
    {
        var refusal = await database.WriteAsync(
            async scope =>
            {
                var access = await Access.LockAsync(scope, channelId, caller.UserId);
                if (access is null)
                {
                    return Problems.NotFound("channel");
                }

                if (userId == caller.UserId ? access.IsPrivate && !access.IsMember : !access.IsOwner)
                {
                    return Problems.Forbidden(userId == caller.UserId
                        ? "The channel is private: an owner has to add you."
                        : "Only an owner adds others to a channel.");
                }

                if (await Access.IsBannedAsync(scope, channelId, userId))
                {
                    return userId == caller.UserId
                        ? Problems.Forbidden("You are banned from this channel.")
                        : Problems.Conflict("The user is banned from this channel. Lift the ban first.");
                }

                return await AddAsync(scope, channelId, userId, Roles.Member, access.LastSequence) ? null : Problems.NotFound("user");
            },
            cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        await TellAsync(observer => observer.JoinedAsync(channelId, userId, CancellationToken.None));
        return TypedResults.NoContent();
    }

    internal async Task<IResult> RemoveAsync(long channelId, Caller caller, long userId, CancellationToken cancellationToken)
    {
        var refusal = await database.WriteAsync(
            async scope =>
            {
                var access = await Access.LockAsync(scope, channelId, caller.UserId);
                if (Access.Refusal(access) is { } notMember)
                {
                    return notMember;
                }

                return userId == caller.UserId || access!.IsOwner
                    ? await RemoveAsync(scope, channelId, userId)
                    : Problems.Forbidden("Only an owner removes others from a channel.");
            },
            cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        await TellAsync(observer => observer.LeftAsync(channelId, userId, CancellationToken.None));
        return TypedResults.NoContent();
    }

    /// <summary>Adds a member; nothing changes for one who is one already. False when there is no such user. The caller holds the channel's row.</summary>
    internal async Task<bool> AddAsync(DbScope scope, long channelId, long userId, string role, long readSequence)
    {
        if (await scope.FirstOrDefaultAsync<long?>("SELECT id FROM users WHERE id = @userId", new { userId }) is null)
        {
            return false;
        }

        var added = await scope.ExecuteAsync(
            """
            INSERT INTO members (channel_id, user_id, role, read_sequence, joined_at) VALUES (@channelId, @userId, @role, @readSequence, @now)
            ON CONFLICT (channel_id, user_id) DO NOTHING
            """,
            new { channelId, userId, role, readSequence, now = time.NowForStore() });
        if (added > 0)
        {
            await outbox.AddAsync(scope, Topics.User(userId), "membership", new MembershipChanged(Ids.Format(channelId), true, role));
        }

        return true;
    }

    private async Task<IResult?> RemoveAsync(DbScope scope, long channelId, long userId)
    {
        var role = await Access.LockRoleAsync(scope, channelId, userId);
        if (role is null)
        {
            return Problems.NotFound("member");
        }

        if (role == Roles.Owner && await Access.IsLastOwnerAsync(scope, channelId))
        {
            return Problems.Conflict("The last owner cannot leave a channel. Make another member an owner first.");
        }

        await scope.ExecuteAsync("DELETE FROM members WHERE channel_id = @channelId AND user_id = @userId", new { channelId, userId });
        await outbox.AddAsync(scope, Topics.User(userId), "membership", new MembershipChanged(Ids.Format(channelId), false, null));
        return null;
    }

    private async ValueTask TellAsync(Func<IMembershipObserver, ValueTask> tell)
    {
        foreach (var observer in observers)
        {
            await tell(observer);
        }
    }
}
