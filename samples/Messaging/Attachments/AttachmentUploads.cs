using Messaging.Accounts;
using Messaging.Channels;
using Messaging.Database;
using Messaging.Http;
using Messaging.Realtime;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Resilience.Data;
using Resilience.Storage;

namespace Messaging.Attachments;

/// <summary>Takes a file in: known to the database before it exists, on the disk before its record is committed.</summary>
internal sealed class AttachmentUploads(ChannelWrites writes, Outbox outbox, IUploadRegistry uploads, IConfinedFiles files, IOptions<AttachmentOptions> options, TimeProvider time)
{
    private const int BufferBytes = 64 * 1024;

    private static readonly Refusals Uploading = new("You are not a member of this channel.", Conflict: "The upload was given up meanwhile. Send the file again.");

    internal long MaxBytes => options.Value.MaxBytes;

    /// <summary>The refusal for a user who has no room for one more file of this size.</summary>
    internal async Task<IResult?> QuotaAsync(DbScope scope, long userId, long size)
    {
        var (count, bytes) = await scope.SingleAsync<(long, long)>(
            "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM attachments WHERE uploader_id = @userId", new { userId });
        var limits = options.Value;
        if (count >= limits.MaxPerUser)
        {
            return TooLarge($"You have {count:N0} files, and {limits.MaxPerUser:N0} are allowed (Attachments:MaxPerUser). Delete some first.");
        }

        return bytes + size > limits.MaxBytesPerUser
            ? TooLarge($"Your files have {bytes:N0} bytes, and {limits.MaxBytesPerUser:N0} are allowed (Attachments:MaxBytesPerUser). Delete some first.")
            : null;
    }

    internal async Task<IResult> StoreAsync(long channelId, Caller caller, string name, Stream content, CancellationToken cancellationToken)
    {
        // A fresh name that is never used again; what the user calls the file is a column.
        var file = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        var path = $"{file[^2..]}/{file}.bin";
        var lease = await uploads.BeginAsync(path, Ids.Format(caller.UserId), cancellationToken)
            ?? throw new IOException($"The path {path} is taken.");
        var kept = false;
        try
        {
            var (size, type, renewed) = await WriteAsync(lease, content, cancellationToken);
            if (renewed is null)
            {
                return TooLarge($"The file is larger than {MaxBytes:N0} bytes.");
            }

            var row = new AttachmentRow { Name = name, Path = path, Size = size, ContentType = type };
            var result = await writes.RunAsync(
                ChannelPlans.ChangeBy(channelId, caller.UserId).LockRows("users", "id", [caller.UserId], LockMode.NoKeyUpdate), (channelId, caller.UserId), Uploading,
                scope => CommitAsync(scope, channelId, caller, lease, row), cancellationToken);
            kept = result is Created<AttachmentShape>;
            return result;
        }
        finally
        {
            if (!kept)
            {
                await uploads.AbortAsync(lease, CancellationToken.None);
            }
        }
    }

    /// <summary>Streams the file to the disk; no lease in the answer means that it is too large.</summary>
    private async Task<(long Size, string Type, UploadLease? Lease)> WriteAsync(UploadLease lease, Stream content, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        var start = new byte[ContentSniffer.Needed];
        long size = 0;
        await using var file = files.Create(lease.Path);
        int read;
        while ((read = await ReadAsync(content, buffer, cancellationToken)) > 0)
        {
            if (size < start.Length)
            {
                buffer.AsSpan(0, (int)Math.Min(read, start.Length - size)).CopyTo(start.AsSpan((int)size));
            }

            size += read;
            if (size > MaxBytes)
            {
                return (size, ContentSniffer.Unknown, null);
            }

            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            if (lease.ExpiresAt - time.GetUtcNow() < TimeSpan.FromMinutes(5))
            {
                lease = await uploads.RenewAsync(lease, cancellationToken) ?? throw new IOException("The upload took too long and was given up.");
            }
        }

        file.Flush(flushToDisk: true);
        return (size, ContentSniffer.Sniff(start.AsSpan(0, (int)Math.Min(size, start.Length))), lease);
    }

    private static ProblemHttpResult TooLarge(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status413PayloadTooLarge);

    /// <summary>What the reader of the body finds wrong is told apart from what the disk does.</summary>
    private static async Task<int> ReadAsync(Stream content, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await content.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception error) when (MalformedUploadException.Covers(error, cancellationToken))
        {
            throw new MalformedUploadException(error);
        }
    }

    private async Task<IResult> CommitAsync(DbScope scope, long channelId, Caller caller, UploadLease lease, AttachmentRow row)
    {
        // The plan holds the user's row, whatever the channel, so that the sums stand until the commit.
        if (await QuotaAsync(scope, caller.UserId, row.Size) is { } full)
        {
            scope.Refuse<IResult>(GuardOutcome.Conflict);
            return full;
        }

        if (!await uploads.CompleteAsync(scope.Transaction, lease))
        {
            return scope.Refuse<IResult>(GuardOutcome.Conflict);
        }

        row.ChannelId = channelId;
        row.UploaderId = caller.UserId;
        row.UploaderName = caller.Name;
        row.CreatedAt = time.NowForStore();
        row.Id = await scope.SingleAsync<long>(
            """
            INSERT INTO attachments (channel_id, uploader_id, name, path, size, content_type, created_at)
            VALUES (@ChannelId, @UploaderId, @Name, @Path, @Size, @ContentType, @CreatedAt) RETURNING id
            """,
            new { row.ChannelId, row.UploaderId, row.Name, row.Path, row.Size, row.ContentType, row.CreatedAt });
        var shape = row.ToShape();
        await outbox.AddAsync(scope, Topics.Channel(channelId), "attachment.added", shape);
        return TypedResults.Created($"/api/attachments/{shape.Id}", shape);
    }
}
