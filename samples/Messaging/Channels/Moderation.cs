using Messaging.Accounts;
using Messaging.Database;
using Messaging.Http;
using Resilience.Data;

namespace Messaging.Channels;

/// <summary>Roles and bans. Each change is decided and made in one guarded transaction, so a channel never loses its last owner.</summary>
internal sealed class Moderation(ChannelWrites writes, Memberships memberships, TimeProvider time)
{
    private static readonly Refusals Roling = new("Only an owner changes roles.", Conflict: "The last owner keeps the role. Make another member an owner first.");
    private static readonly Refusals Banning = new(
        "Only owners and moderators ban, and only owners ban owners and moderators.", "user", "The last owner cannot be banned. Make another member an owner first.");
    private static readonly Refusals Lifting = new("Only owners and moderators ban.", "ban");

    internal Task<IResult> SetRoleAsync(long channelId, Caller caller, long userId, string role, CancellationToken cancellationToken) =>
        writes.RunAsync(
            ChannelPlans.ChangeBy(channelId, caller.UserId, Roles.Owner).LockMember(channelId, userId),
            (channelId, caller.UserId),
            Roling,
            async scope =>
            {
                if (role != Roles.Owner && await Owners.IsLastAsync(scope, channelId, userId))
                {
                    return scope.Refuse<IResult>(GuardOutcome.Conflict);
                }

                await scope.ExecuteAsync(
                    "UPDATE members SET role = @role WHERE channel_id = @channelId AND user_id = @userId", new { role, channelId, userId });
                await memberships.TellAsync(scope, channelId, userId, role);
                return TypedResults.NoContent();
            },
            cancellationToken);

    internal Task<IResult> BanAsync(long channelId, Caller caller, long userId, CancellationToken cancellationToken) =>
        memberships.EndAsync(
            channelId,
            userId,
            () => writes.RunAsync(
                ChannelPlans.ChangeBy(channelId, caller.UserId, Roles.Owner, Roles.Moderator).WithUser(userId),
                (channelId, caller.UserId),
                Banning,
                async scope =>
                {
                    if (await RefusalAsync(scope, channelId, caller.UserId, userId) is { } refusal)
                    {
                        return scope.Refuse<IResult>(refusal);
                    }

                    await scope.ExecuteAsync(
                        """
                        INSERT INTO bans (channel_id, user_id, banned_by, banned_at) VALUES (@channelId, @userId, @by, @now)
                        ON CONFLICT (channel_id, user_id) DO NOTHING
                        """,
                        new { channelId, userId, by = caller.UserId, now = time.NowForStore() });
                    await memberships.RemoveAsync(scope, channelId, userId);
                    return TypedResults.NoContent();
                },
                cancellationToken));

    internal Task<IResult> LiftAsync(long channelId, Caller caller, long userId, CancellationToken cancellationToken) =>
        writes.RunAsync(
            ChannelPlans.ChangeBy(channelId, caller.UserId, Roles.Owner, Roles.Moderator).LockRow("bans", ("channel_id", channelId), ("user_id", userId)),
            (channelId, caller.UserId),
            Lifting,
            async scope =>
            {
                await scope.ExecuteAsync("DELETE FROM bans WHERE channel_id = @channelId AND user_id = @userId", new { channelId, userId });
                return TypedResults.NoContent();
            },
            cancellationToken);

    /// <summary>Moderators ban members and strangers, owners everyone but the last of them. The channel's row is locked, so these roles stay as they are read.</summary>
    private static async Task<GuardOutcome?> RefusalAsync(DbScope scope, long channelId, long by, long userId)
    {
        if (await Owners.IsLastAsync(scope, channelId, userId))
        {
            return GuardOutcome.Conflict;
        }

        var roles = (await scope.QueryAsync<(long UserId, string Role)>(
            "SELECT user_id, role FROM members WHERE channel_id = @channelId AND user_id IN (@by, @userId)", new { channelId, by, userId }))
            .ToDictionary(static row => row.UserId, static row => row.Role);
        return roles[by] == Roles.Owner || roles.GetValueOrDefault(userId, Roles.Member) == Roles.Member ? null : GuardOutcome.Denied;
    }
}
