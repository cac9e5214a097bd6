using Messaging.Accounts;
using Messaging.Messages;

namespace Messaging.Channels;

/// <summary>
/// A channel as its reader sees it. <see cref="Role"/> is <see langword="null"/> for one who has not joined; then <see cref="LastMessage"/> is
/// <see langword="null"/> too, as only members read.
/// </summary>
public sealed record ChannelShape(
    string Id, string Name, bool Private, string? Role, long Members, MessageShape? LastMessage, long Unread, bool Joined);

/// <summary>A member of a channel.</summary>
public sealed record MemberShape(UserShape User, string Role, DateTime JoinedAt);

/// <summary>A ban of a channel.</summary>
public sealed record BanShape(UserShape User, DateTime BannedAt);

/// <summary>What POST /api/channels takes.</summary>
public sealed record CreateChannel(string? Name, bool? Private);

/// <summary>What POST /api/channels/{id}/members takes; without a user the caller joins.</summary>
public sealed record AddMember(string? UserId);

/// <summary>Told to a user whose membership changed.</summary>
public sealed record MembershipChanged(string ChannelId, bool Joined, string? Role);
