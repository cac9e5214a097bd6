using System.Globalization;
using Dapper;
using Messaging.Accounts;
using Messaging.Channels;
using Messaging.Database;
using Messaging.Http;
using Messaging.Limits;
using Messaging.Operations;
using Messaging.Realtime;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Resilience.Storage;

namespace Messaging.Attachments;

/// <summary>Files of a channel: upload, list, download, delete.</summary>
internal static class AttachmentEndpoints
{
    private const int MaxNameLength = 200;

    // The library deletes together what is asked for at once; one of the callers counts it all.
    private static readonly StatementBudget DeletionBudget = new(10_000);

    // What multipart adds around one file.
    private const int Envelope = 16 * 1024;

    internal static void MapAttachments(this RouteGroupBuilder api)
    {
        var channel = api.MapGroup("/channels/{id}/attachments").WithTags("Attachments").RequireAuthorization()
            .ProducesProblem(401).ProducesProblem(403).ProducesProblem(404);
        channel.MapGet("/", ListAsync).WithSummary("List the files of a channel.").Produces<ListOf<AttachmentShape>>();
        channel.MapPost("/", UploadAsync).WithSummary("Upload one file: multipart, field file.").DisableAntiforgery()
            .RequireRateLimiting(RatePolicies.Posts)
            .Produces<AttachmentShape>(201).ProducesProblem(413).ProducesProblem(429).ProducesValidationProblem();
        var one = api.MapGroup("/attachments/{id}").WithTags("Attachments").RequireAuthorization().ProducesProblem(401).ProducesProblem(404);
        one.MapGet("/", DownloadAsync).WithSummary("Download a file.").Produces(200, contentType: ContentSniffer.Unknown);
        one.MapDelete("/", DeleteAsync)
            .WithSummary("Delete a file, as its uploader who is still a member, or as an owner of the channel; waits for the outcome.")
            .Produces(204).Produces(202).ProducesProblem(403).ProducesProblem(503).WithMetadata(DeletionBudget);
    }

    private static Task<IResult> ListAsync(string id, string? after, string? limit, HttpContext context, Db database, CancellationToken cancellationToken)
    {
        if (!Ids.TryParse(id, out var channelId))
        {
            return Task.FromResult<IResult>(Problems.NotFound("channel"));
        }

        if (!Paging.TryParse(after, limit, out var paging, out var problem))
        {
            return Task.FromResult(problem);
        }

        return database.ReadAsync<IResult>(
            async scope =>
            {
                if (Access.Refusal(await Access.ReadAsync(scope, channelId, Caller.Of(context.User).UserId)) is { } refusal)
                {
                    return refusal;
                }

                var rows = (await scope.QueryAsync<AttachmentRow>(
                    AttachmentRow.Select + " WHERE a.channel_id = @channelId AND a.id > @After ORDER BY a.id LIMIT @take",
                    new { channelId, paging.After, take = paging.Limit + 1 })).AsList();
                return TypedResults.Ok(paging.Page(rows, static row => row.ToShape(), static row => row.Id));
            },
            cancellationToken);
    }

    private static async Task<IResult> UploadAsync(string id, HttpContext context, Db database, AttachmentUploads uploads, CancellationToken cancellationToken)
    {
        if (!Ids.TryParse(id, out var channelId))
        {
            return Problems.NotFound("channel");
        }

        // Refused before the body is read; the commit asks again under the lock.
        var caller = Caller.Of(context.User);
        if (await database.ReadAsync(
            async scope => Access.Refusal(await Access.ReadAsync(scope, channelId, caller.UserId)) ?? await uploads.QuotaAsync(scope, caller.UserId, 1),
            cancellationToken) is { } refusal)
        {
            return refusal;
        }

        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 and <= 100 } boundary)
        {
            return Problems.Invalid("file", "must be sent as multipart/form-data.");
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            // Beyond what is allowed, so that the answer is ours; the stream is cut off while it is read.
            size.MaxRequestBodySize = uploads.MaxBytes + Envelope;
        }

        try
        {
            return await StoreFileAsync(new MultipartReader(boundary, context.Request.Body), channelId, caller, uploads, cancellationToken);
        }
        catch (MalformedUploadException)
        {
            return Problems.Invalid("file", "is no valid multipart body, or ends too early.");
        }
    }

    private static async Task<IResult> StoreFileAsync(
        MultipartReader reader, long channelId, Caller caller, AttachmentUploads uploads, CancellationToken cancellationToken)
    {
        while (await NextAsync(reader, cancellationToken) is { } section)
        {
            if (ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var field)
                && HeaderUtilities.RemoveQuotes(field.Name).Value == "file" && field.IsFileDisposition())
            {
                return await uploads.StoreAsync(channelId, caller, NameOf(field), section.Body, cancellationToken);
            }
        }

        return Problems.Invalid("file", "is missing.");
    }

    private static async Task<MultipartSection?> NextAsync(MultipartReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadNextSectionAsync(cancellationToken);
        }
        catch (Exception error) when (MalformedUploadException.Covers(error, cancellationToken))
        {
            throw new MalformedUploadException(error);
        }
    }

    /// <summary>What the user calls the file: for people only, never for a path.</summary>
    private static string NameOf(ContentDispositionHeaderValue field)
    {
        var given = HeaderUtilities.RemoveQuotes(field.FileNameStar.HasValue ? field.FileNameStar : field.FileName).Value ?? string.Empty;
        var last = given[(given.LastIndexOfAny(['/', '\\']) + 1)..];
        var clean = new string([.. last.Where(static c => char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate))]);
        clean = clean.Trim();
        return clean.Length == 0 ? "file" : clean[..Math.Min(clean.Length, MaxNameLength)];
    }

    private static async Task<IResult> DownloadAsync(string id, HttpContext context, Db database, IConfinedFiles files, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, context, database, cancellationToken) is not { PendingDelete: null } row || files.OpenRead(row.Path) is not { } content)
        {
            return Problems.NotFound("file");
        }

        context.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.File(content, row.ContentType, row.Name);
    }

    private static async Task<IResult> DeleteAsync(
        string id, HttpContext context, Db database, IFileDeletionService deletions, OutboxSignal signal, CancellationToken cancellationToken)
    {
        if (!Ids.TryParse(id, out var attachmentId))
        {
            return Problems.NotFound("file");
        }

        var who = new DeletionContext(Ids.Format(Caller.Of(context.User).UserId)) { User = context.User };
        var result = await deletions.DeleteAsync(id, who, cancellationToken);
        if (result.Status == DeletionStatus.Succeeded)
        {
            // The event is in the outbox; the relay need not wait for its next look.
            signal.Set();
        }

        if (result.Status is DeletionStatus.Denied or DeletionStatus.NotFound && await WasUploaderAsync(database, attachmentId, Caller.Of(context.User), cancellationToken))
        {
            // One knows one's own file; to others it is not there.
            return Problems.NotMember();
        }

        return result.Status switch
        {
            DeletionStatus.Succeeded or DeletionStatus.AlreadyDeleted => TypedResults.NoContent(),
            DeletionStatus.InProgress or DeletionStatus.Accepted => TypedResults.Accepted((string?)null),
            DeletionStatus.NotFound or DeletionStatus.Denied => Problems.NotFound("file"),
            _ => TypedResults.Problem($"The file could not be deleted ({result.ErrorCode}); it is still there.", statusCode: StatusCodes.Status503ServiceUnavailable),
        };
    }

    /// <summary>Whether the caller uploaded the file, and is no member of its channel any more.</summary>
    private static Task<bool> WasUploaderAsync(Db database, long id, Caller caller, CancellationToken cancellationToken) => database.ReadAsync(
        async scope => await scope.FirstOrDefaultAsync<long?>(
            """
            SELECT a.id FROM attachments a WHERE a.id = @id AND a.uploader_id = @UserId
            AND NOT EXISTS (SELECT 1 FROM members m WHERE m.channel_id = a.channel_id AND m.user_id = a.uploader_id)
            """,
            new { id, caller.UserId }) is not null,
        cancellationToken);

    private static async Task<AttachmentRow?> FindAsync(string id, HttpContext context, Db database, CancellationToken cancellationToken)
    {
        if (!Ids.TryParse(id, out var attachmentId))
        {
            return null;
        }

        return await database.ReadAsync(
            async scope =>
            {
                var row = await scope.FirstOrDefaultAsync<AttachmentRow>(AttachmentRow.Select + " WHERE a.id = @attachmentId", new { attachmentId });
                return row is not null && Access.Refusal(await Access.ReadAsync(scope, row.ChannelId, Caller.Of(context.User).UserId)) is null ? row : null;
            },
            cancellationToken);
    }
}
