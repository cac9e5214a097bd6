using Messaging.Database;
using Microsoft.Extensions.Options;

namespace Messaging.Channels;

/// <summary>How many channels one user may make.</summary>
internal sealed class ChannelQuota(IOptions<ChannelOptions> options)
{
    internal int Max => options.Value.MaxOwnedPerUser;

    /// <summary>Locks the user's row, so that the count holds until the commit.</summary>
    internal async Task<bool> HasRoomAsync(DbScope scope, long userId)
    {
        await scope.FirstOrDefaultAsync<long?>("SELECT id FROM users WHERE id = @userId" + scope.Dialect.ForUpdate, new { userId });
        return await scope.SingleAsync<long>("SELECT COUNT(*) FROM members WHERE user_id = @userId AND role = @role", new { userId, role = Roles.Owner }) < Max;
    }
}
