namespace Messaging.Attachments;

/// <summary>The type of a file by its first bytes. What the browser said is not believed; what is not known is bytes.</summary>
internal static class ContentSniffer
{
    internal const int Needed = 16;
    internal const string Unknown = "application/octet-stream";

    internal static string Sniff(ReadOnlySpan<byte> start) => start switch
    {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, ..] => "image/png",
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [0x47, 0x49, 0x46, 0x38, 0x37 or 0x39, 0x61, ..] => "image/gif",
        [0x52, 0x49, 0x46, 0x46, _, _, _, _, 0x57, 0x45, 0x42, 0x50, ..] => "image/webp",
        [0x25, 0x50, 0x44, 0x46, 0x2D, ..] => "application/pdf",
        [0x50, 0x4B, 0x03, 0x04, ..] => "application/zip",
        _ => Unknown,
    };
}
