using Messaging.Database;

namespace Messaging.Channels;

/// <summary>A channel never loses its last owner. Ask while the channel's row is locked: every change of roles waits for it.</summary>
internal static class Owners
{
    /// <summary>Whether the user is an owner and the only one.</summary>
    internal static async Task<bool> IsLastAsync(DbScope scope, long channelId, long userId)
    {
        var owners = await scope.QueryAsync<long>(
            "SELECT user_id FROM members WHERE channel_id = @channelId AND role = @role ORDER BY user_id LIMIT 2", new { channelId, role = Roles.Owner });
        return owners.ToList() is [var only] && only == userId;
    }
}
