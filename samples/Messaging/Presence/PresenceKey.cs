using Messaging.Accounts;
using Messaging.Http;

namespace Messaging.Presence;

/// <summary>One user in one channel.</summary>
internal readonly record struct PresenceKey(long ChannelId, long UserId);

/// <summary>What the members of the channel get, on the stream and when they ask.</summary>
public sealed record PresenceEvent(string ChannelId, UserShape User, bool Online)
{
    internal static PresenceEvent Of(long channelId, (long Id, string Name) user, bool online) =>
        new(Ids.Format(channelId), new UserShape(Ids.Format(user.Id), user.Name), online);
}
