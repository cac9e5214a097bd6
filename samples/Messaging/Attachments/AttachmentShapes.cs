using Messaging.Accounts;

namespace Messaging.Attachments;

/// <summary>A file of a channel, in answers and in events. State: ready, deleting, failed.</summary>
public sealed record AttachmentShape(
    string Id, string ChannelId, string Name, long Size, string ContentType, string State, UserShape UploadedBy, DateTime CreatedAt);

/// <summary>A file that is gone, in events.</summary>
public sealed record AttachmentGone(string Id, string ChannelId);

/// <summary>What POST /ops/sweep takes.</summary>
public sealed record SweepRequest(bool DryRun);
