using Messaging.Accounts;

namespace Messaging.Presence;

/// <summary>One user in one channel.</summary>
internal readonly record struct PresenceKey(long ChannelId, long UserId);

/// <summary>What the members of the channel get.</summary>
public sealed record PresenceEvent(string ChannelId, UserShape User, bool Online);
