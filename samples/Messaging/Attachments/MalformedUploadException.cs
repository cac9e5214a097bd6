namespace Messaging.Attachments;

/// <summary>The body of an upload is no multipart body, or ends too early: the caller's mistake.</summary>
internal sealed class MalformedUploadException(Exception cause) : Exception("The upload is no valid multipart body.", cause)
{
    /// <summary>What the reader throws for such a body. What Kestrel refuses has an answer of its own, and one who has gone needs none.</summary>
    internal static bool Covers(Exception error, CancellationToken aborted) =>
        error is InvalidDataException or (IOException and not BadHttpRequestException) && !aborted.IsCancellationRequested;
}
