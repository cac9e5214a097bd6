using Messaging.Accounts;
using Messaging.Http;

namespace Messaging.Attachments;

/// <summary>A row of <c>attachments</c> with its uploader's name.</summary>
internal sealed class AttachmentRow
{
    internal const string Select =
        """
        SELECT a.id, a.channel_id, a.uploader_id, u.name AS uploader_name, a.name, a.path, a.size, a.content_type, a.created_at, a.pending_delete, a.delete_error
        FROM attachments a JOIN users u ON u.id = a.uploader_id
        """;

    public long Id { get; set; }

    public long ChannelId { get; set; }

    public long UploaderId { get; set; }

    public string UploaderName { get; set; } = string.Empty;

    public string Name { get; set; } = string.Empty;

    public string Path { get; set; } = string.Empty;

    public long Size { get; set; }

    public string ContentType { get; set; } = string.Empty;

    public long CreatedAt { get; set; }

    public string? PendingDelete { get; set; }

    public string? DeleteError { get; set; }

    internal AttachmentShape ToShape() => new(
        Ids.Format(Id),
        Ids.Format(ChannelId),
        Name,
        Size,
        ContentType,
        PendingDelete is not null ? "deleting" : DeleteError is not null ? "failed" : "ready",
        new UserShape(Ids.Format(UploaderId), UploaderName),
        Times.FromStore(CreatedAt));
}
