using Messaging.Database;
using Messaging.Http;

namespace Messaging.Channels;

/// <summary>What a user may do in a channel, read in the transaction that relies on it.</summary>
internal sealed class Access
{
    public bool IsPrivate => Private != 0;

    public long Private { get; set; }

    public long LastSequence { get; set; }

    public string? Role { get; set; }

    internal bool IsMember => Role is not null;

    internal bool IsOwner => Role == Roles.Owner;

    internal bool IsModerator => Role is Roles.Owner or Roles.Moderator;

    /// <summary>Reads without a lock: for answers that only read.</summary>
    internal static Task<Access?> ReadAsync(DbScope scope, long channelId, long userId) => scope.FirstOrDefaultAsync<Access>(
        """
        SELECT c.private, c.last_sequence, m.role FROM channels c
        LEFT JOIN members m ON m.channel_id = c.id AND m.user_id = @userId
        WHERE c.id = @channelId
        """,
        new { channelId, userId });

    /// <summary>
    /// Locks the channel's row, then the member's: the order that every writer keeps. The channel's lock puts the writers of one channel in a row, so
    /// sequences and outbox rows are in commit order, and the member's lock keeps the permission until the change is committed.
    /// </summary>
    internal static async Task<Access?> LockAsync(DbScope scope, long channelId, long userId)
    {
        var access = await scope.FirstOrDefaultAsync<Access>(
            "SELECT private, last_sequence FROM channels WHERE id = @channelId" + scope.Dialect.ForUpdate, new { channelId });
        if (access is not null)
        {
            access.Role = await scope.FirstOrDefaultAsync<string>(
                "SELECT role FROM members WHERE channel_id = @channelId AND user_id = @userId" + scope.Dialect.ForShare, new { channelId, userId });
        }

        return access;
    }

    /// <summary>Locks another member's row after the caller's; <see langword="null"/> for one who is no member. The caller holds the channel's row.</summary>
    internal static Task<string?> LockRoleAsync(DbScope scope, long channelId, long userId) => scope.FirstOrDefaultAsync<string>(
        "SELECT role FROM members WHERE channel_id = @channelId AND user_id = @userId" + scope.Dialect.ForUpdate, new { channelId, userId });

    internal static async Task<bool> IsLastOwnerAsync(DbScope scope, long channelId) => await scope.SingleAsync<long>(
        "SELECT COUNT(*) FROM members WHERE channel_id = @channelId AND role = @role", new { channelId, role = Roles.Owner }) == 1;

    internal static async Task<bool> IsBannedAsync(DbScope scope, long channelId, long userId) => await scope.FirstOrDefaultAsync<long?>(
        "SELECT user_id FROM bans WHERE channel_id = @channelId AND user_id = @userId", new { channelId, userId }) is not null;

    /// <summary>The refusal for one who is no member; <see langword="null"/> for a member.</summary>
    internal static IResult? Refusal(Access? access) => access switch
    {
        null => Problems.NotFound("channel"),
        { IsMember: false } => Problems.NotMember(),
        _ => null,
    };
}
