using Messaging.Accounts;

namespace Messaging.Messages;

/// <summary>A message, in answers and in events.</summary>
public sealed record MessageShape(
    string Id, string ChannelId, long Sequence, UserShape Author, string Text, DateTime SentAt, DateTime? EditedAt, string? ClientId);

/// <summary>What PATCH /api/messages/{id} takes.</summary>
public sealed record EditMessage(string? Text);

/// <summary>What POST /api/channels/{id}/messages takes. The same client id of one author in one channel is one message.</summary>
public sealed record SendMessage(string? Text, string? ClientId, int? DelaySeconds);
