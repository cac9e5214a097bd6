namespace Messaging.Attachments;

/// <summary>The section <c>Attachments</c>.</summary>
internal sealed class AttachmentOptions
{
    /// <summary>The largest file in bytes; 25 MiB unless set.</summary>
    public long MaxBytes { get; set; } = 25 * 1024 * 1024;

    /// <summary>The bytes of all files of one uploader; 5 GiB unless set.</summary>
    public long MaxBytesPerUser { get; set; } = 5L * 1024 * 1024 * 1024;

    /// <summary>The number of all files of one uploader; 10,000 unless set.</summary>
    public long MaxPerUser { get; set; } = 10_000;
}
