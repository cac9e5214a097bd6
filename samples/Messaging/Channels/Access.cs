using Messaging.Database;
using Messaging.Http;

namespace Messaging.Channels;

/// <summary>What a user may do in a channel, read without a lock: for answers that only read. Changes are decided by their plan (<see cref="ChannelPlans"/>).</summary>
internal sealed class Access
{
    public bool IsPrivate => Private != 0;

    public long Private { get; set; }

    public long LastSequence { get; set; }

    public string? Role { get; set; }

    public long Banned { get; set; }

    internal bool IsMember => Role is not null;

    internal bool IsBanned => Banned != 0;

    internal static Task<Access?> ReadAsync(DbScope scope, long channelId, long userId) => scope.FirstOrDefaultAsync<Access>(
        """
        SELECT c.private, c.last_sequence, m.role, CASE WHEN b.user_id IS NULL THEN 0 ELSE 1 END AS banned FROM channels c
        LEFT JOIN members m ON m.channel_id = c.id AND m.user_id = @userId
        LEFT JOIN bans b ON b.channel_id = c.id AND b.user_id = @userId
        WHERE c.id = @channelId
        """,
        new { channelId, userId });

    /// <summary>The refusal for one who is no member; <see langword="null"/> for a member.</summary>
    internal static IResult? Refusal(Access? access) => access switch
    {
        null => Problems.NotFound("channel"),
        { IsMember: false } => Problems.NotMember(),
        _ => null,
    };
}
