using Messaging.Database;
using Messaging.Http;
using Microsoft.Extensions.Options;
using Resilience.Data;

namespace Messaging.Channels;

/// <summary>How many channels one user may own and still create more.</summary>
internal sealed class ChannelQuota(IOptions<ChannelOptions> options)
{
    // A place comes free when the user leaves a channel, not by waiting.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromHours(1);

    private int Max => options.Value.MaxOwnedPerUser;

    internal IResult Refusal => Problems.Later(
        StatusCodes.Status429TooManyRequests, RetryAfter, $"You own {Max:N0} channels (Channels:MaxOwnedPerUser), and no more are allowed. Leave one first.");

    /// <summary>Creations of one user come one after the other, so that the count stands until the commit.</summary>
    internal static GuardPlan Plan(long userId) => GuardPlan.Create().LockRows("users", "id", [userId], LockMode.NoKeyUpdate);

    /// <summary>Within <see cref="Plan"/>.</summary>
    internal async Task<bool> HasRoomAsync(DbScope scope, long userId) => await scope.SingleAsync<long>(
        "SELECT COUNT(*) FROM members WHERE user_id = @userId AND role = @role", new { userId, role = Roles.Owner }) < Max;
}
