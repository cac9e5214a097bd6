namespace Messaging.Attachments;

/// <summary>The section <c>Attachments</c>.</summary>
internal sealed class AttachmentOptions
{
    /// <summary>The largest file in bytes; 25 MiB unless set.</summary>
    public long MaxBytes { get; set; } = 25 * 1024 * 1024;
}
