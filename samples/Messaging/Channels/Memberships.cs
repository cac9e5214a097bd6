using Messaging.Accounts;
using Messaging.Database;
using Messaging.Http;
using Messaging.Realtime;
using Microsoft.AspNetCore.Http.HttpResults;
using Resilience.Data;

namespace Messaging.Channels;

/// <summary>Who is in a channel. Each change is decided and made in one guarded transaction.</summary>
internal sealed class Memberships(ChannelWrites writes, Outbox outbox, TimeProvider time, IEnumerable<IMembershipObserver> observers)
{
    private const string LastOwner = "The last owner cannot leave a channel. Make another member an owner first.";

    private static readonly Refusals Joining = new("You are banned from this channel.", "user");
    private static readonly Refusals Adding = new("Only an owner adds others to a channel.", "user", "The user is banned from this channel. Lift the ban first.");
    private static readonly Refusals Leaving = new("You are not a member of this channel.", Conflict: LastOwner);
    private static readonly Refusals Removing = new("Only an owner removes others from a channel.", Conflict: LastOwner);

    internal async Task<IResult> AddAsync(long channelId, Caller caller, long userId, CancellationToken cancellationToken)
    {
        var joins = userId == caller.UserId;
        var result = await writes.RunAsync(
            joins ? JoinPlan(channelId, userId) : ChannelPlans.ChangeBy(channelId, caller.UserId, Roles.Owner).WithUser(userId),
            (channelId, caller.UserId),
            joins ? Joining : Adding,
            async scope =>
            {
                if (!joins && await IsBannedAsync(scope, channelId, userId))
                {
                    return scope.Refuse<IResult>(GuardOutcome.Conflict);
                }

                var newest = await scope.SingleAsync<long>("SELECT last_sequence FROM channels WHERE id = @channelId", new { channelId });
                await AddAsync(scope, channelId, userId, Roles.Member, newest);
                return TypedResults.NoContent();
            },
            cancellationToken);
        if (result is NoContent)
        {
            await TellAsync(observer => observer.JoinedAsync(channelId, userId, CancellationToken.None));
        }

        return result;
    }

    internal Task<IResult> RemoveAsync(long channelId, Caller caller, long userId, CancellationToken cancellationToken)
    {
        var leaves = userId == caller.UserId;
        var plan = leaves ? ChannelPlans.ChangeBy(channelId, caller.UserId) : ChannelPlans.ChangeBy(channelId, caller.UserId, Roles.Owner);
        return EndAsync(
            channelId,
            userId,
            () => writes.RunAsync(
                plan.LockMember(channelId, userId),
                (channelId, caller.UserId),
                leaves ? Leaving : Removing,
                async scope =>
                {
                    if (await Owners.IsLastAsync(scope, channelId, userId))
                    {
                        return scope.Refuse<IResult>(GuardOutcome.Conflict);
                    }

                    await RemoveAsync(scope, channelId, userId);
                    return TypedResults.NoContent();
                },
                cancellationToken));
    }

    /// <summary>Adds a member; nothing changes for one who is one already. The caller's plan holds the channel's row and the user's.</summary>
    internal async Task AddAsync(DbScope scope, long channelId, long userId, string role, long readSequence)
    {
        var added = await scope.ExecuteAsync(
            """
            INSERT INTO members (channel_id, user_id, role, read_sequence, joined_at) VALUES (@channelId, @userId, @role, @readSequence, @now)
            ON CONFLICT (channel_id, user_id) DO NOTHING
            """,
            new { channelId, userId, role, readSequence, now = time.NowForStore() });
        if (added > 0)
        {
            await TellAsync(scope, channelId, userId, role);
        }
    }

    /// <summary>Removes a member, if the user is one. The caller's plan holds the channel's row.</summary>
    internal async Task RemoveAsync(DbScope scope, long channelId, long userId)
    {
        if (await scope.ExecuteAsync("DELETE FROM members WHERE channel_id = @channelId AND user_id = @userId", new { channelId, userId }) > 0)
        {
            await TellAsync(scope, channelId, userId, null);
        }
    }

    /// <summary>Tells a user, in all windows, what became of a membership.</summary>
    internal Task TellAsync(DbScope scope, long channelId, long userId, string? role) =>
        outbox.AddAsync(scope, Topics.User(userId), "membership", new MembershipChanged(Ids.Format(channelId), role is not null, role));

    /// <summary>
    /// Runs a change that may end a membership. When it did, or when nobody knows, what is published from here on does not reach the user any more: the
    /// observers have finished before the change is answered.
    /// </summary>
    internal async Task<IResult> EndAsync(long channelId, long userId, Func<Task<IResult>> change)
    {
        try
        {
            var result = await change();
            if (result is NoContent)
            {
                await LeftAsync(channelId, userId);
            }

            return result;
        }
        catch (DatabaseBusyException error) when (error.Outcome == GuardOutcome.CommitUnknown)
        {
            await LeftAsync(channelId, userId);
            throw;
        }
    }

    private static GuardPlan JoinPlan(long channelId, long userId) => ChannelPlans.Change(channelId)
        .RequireAny(GuardRow.Of("channels", ("id", channelId), ("private", 0)), ChannelPlans.Member(channelId, userId))
        .ForbidBan(channelId, userId);

    private static async Task<bool> IsBannedAsync(DbScope scope, long channelId, long userId) => await scope.FirstOrDefaultAsync<long?>(
        "SELECT user_id FROM bans WHERE channel_id = @channelId AND user_id = @userId", new { channelId, userId }) is not null;

    private ValueTask LeftAsync(long channelId, long userId) => TellAsync(observer => observer.LeftAsync(channelId, userId, CancellationToken.None));

    private async ValueTask TellAsync(Func<IMembershipObserver, ValueTask> tell)
    {
        foreach (var observer in observers)
        {
            await tell(observer);
        }
    }
}
