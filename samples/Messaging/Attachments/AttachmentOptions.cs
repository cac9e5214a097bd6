using System.ComponentModel.DataAnnotations;

namespace Messaging.Attachments;

/// <summary>The section <c>Attachments</c>.</summary>
internal sealed class AttachmentOptions
{
    /// <value>The largest file in bytes. Default 25 MiB.</value>
    [Range(1, long.MaxValue)]
    public long MaxBytes { get; set; } = 25 * 1024 * 1024;

    /// <value>The bytes of all files of one uploader. Default 5 GiB.</value>
    [Range(1, long.MaxValue)]
    public long MaxBytesPerUser { get; set; } = 5L * 1024 * 1024 * 1024;

    /// <value>The number of all files of one uploader. Default 10,000.</value>
    [Range(1, long.MaxValue)]
    public long MaxPerUser { get; set; } = 10_000;
}
