using Resilience.Data;

namespace Messaging.Channels;

/// <summary>
/// What changes of a channel lock. First its row, which stands for three things: events get into the outbox in the order of their commits, nobody is banned or
/// loses a role meanwhile (a ban that is not there cannot be locked, so whoever adds one locks this row), and its owners can be counted.
/// </summary>
internal static class ChannelPlans
{
    internal static GuardPlan Change(long channelId) => GuardPlan.Create()
        .LockRows("channels", "id", [channelId], LockMode.NoKeyUpdate)
        .Invalidate(ChannelFigures.Key(channelId));

    /// <summary>A change that only a member makes; with roles, only one who has one of them.</summary>
    internal static GuardPlan ChangeBy(long channelId, long userId, params string[] roles) =>
        Change(channelId).RequireAny(Member(channelId, userId, roles));

    internal static GuardRow Member(long channelId, long userId, params string[] roles) => roles.Length == 0
        ? GuardRow.Of("members", ("channel_id", channelId), ("user_id", userId))
        : GuardRow.Of("members", ("channel_id", channelId), ("user_id", userId), ("role", GuardRow.OneOf(roles)));

    /// <summary>Locks another member's row for the change; without it the outcome is <see cref="GuardOutcome.NotFound"/>.</summary>
    internal static GuardPlan LockMember(this GuardPlan plan, long channelId, long userId) =>
        plan.LockRow("members", ("channel_id", channelId), ("user_id", userId));

    /// <summary>Requires that a user exists, else <see cref="GuardOutcome.NotFound"/>.</summary>
    internal static GuardPlan WithUser(this GuardPlan plan, long userId) => plan.LockRows("users", "id", [userId], LockMode.Share);

    internal static GuardPlan ForbidBan(this GuardPlan plan, long channelId, long userId) => plan.ForbidRow(
        GuardRow.Of("bans", ("channel_id", channelId), ("user_id", userId)), GuardRow.Of("channels", ("id", channelId)));
}
