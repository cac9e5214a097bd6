using System.Data.Common;
using System.Security.Claims;
using Npgsql;
using Resilience.Storage;

namespace Docs.Snippets;

internal static class Storage
{
    public static void Setup(WebApplicationBuilder builder, string connectionString)
    {
        // snippet: storage-setup
        builder.Services.AddSingleton<DbDataSource>(NpgsqlDataSource.Create(connectionString));
        builder.Services.AddTransactionalFileDeletion(o => o.RootPath = "/srv/uploads")
            .UseTable("attachments", t =>
            {
                t.KeyType = RecordKeyType.Guid;
                t.OwnerColumn = "owner_id";
                t.PendingColumn = "pending_delete"; // nullable text; your queries say WHERE pending_delete IS NULL
            })
            .AddOrphanSweeper();
        builder.Services.AddHealthChecks().AddTransactionalFileDeletion();
        // end
    }

    public static void Route(WebApplication app)
    {
        // snippet: storage-delete
        app.MapDelete("/attachments/{id}", async (string id, ClaimsPrincipal user, IFileDeletionService files, CancellationToken ct) =>
            (await files.DeleteAsync(id, new DeletionContext(user.FindFirstValue("sub")!), ct)).Status switch
            {
                DeletionStatus.Succeeded or DeletionStatus.AlreadyDeleted => Results.NoContent(),
                DeletionStatus.InProgress or DeletionStatus.Accepted => Results.Accepted(),
                DeletionStatus.NotFound => Results.NotFound(),
                _ => Results.StatusCode(503),
            });
        // end
    }

    public static async Task UploadAsync(IUploadRegistry uploads, IConfinedFiles files, DbConnection connection, Stream source, string path, string userId, CancellationToken ct)
    {
        // snippet: storage-upload
        var lease = await uploads.BeginAsync(path, userId, ct) ?? throw new IOException("The path is taken.");
        await using (var file = files.Create(path))
        {
            await source.CopyToAsync(file, ct);
            file.Flush(flushToDisk: true);
        }

        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await uploads.CompleteAsync(transaction, lease, ct))
        {
            await InsertRecordAsync(transaction, path, ct); // yours
            await transaction.CommitAsync(ct);
        }
        else
        {
            await transaction.RollbackAsync(ct);
            await uploads.AbortAsync(lease, ct); // the record was deleted meanwhile, or the lease ran out
        }
        // end
    }

    public static void ReadmeSetup(WebApplicationBuilder builder)
    {
        // snippet: storage-readme-setup
        builder.Services.AddTransactionalFileDeletion(o => o.RootPath = "/srv/uploads")
            .UseTable("attachments", t =>
            {
                t.KeyColumn = "id";
                t.PathColumn = "path";              // relative to the root: "ab/7f3c.bin"
                t.OwnerColumn = "owner_id";         // or AddAuthorizer<T>(), or AllowAnyUser()
                t.PendingColumn = "pending_delete";
            })
            .AddOrphanSweeper();                    // daily; quarantine for 7 days
        builder.Services.AddHealthChecks().AddTransactionalFileDeletion();
        // end
    }

    public static async Task<DeletionStatus> ReadmeDeleteAsync(IFileDeletionService files, string id, string userId, CancellationToken cancellationToken)
    {
        // snippet: storage-readme-delete
        var result = await files.DeleteAsync(id, new DeletionContext(userId), cancellationToken);
        // Succeeded, AlreadyDeleted, InProgress, NotFound, Denied, Refused, Busy, Failed (the record is back), Accepted, Stuck
        // end
        return result.Status;
    }

    public static async Task ReadmeEnlistAsync(
        IFileDeletionService files, DbTransaction transaction, string path, string id, DeletionContext who, CancellationToken cancellationToken)
    {
        // snippet: storage-readme-enlist
        var ticket = await files.EnlistAsync(transaction, new FileToDelete(path, id), who, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await ticket.ExecuteAsync(cancellationToken);   // or leave it to recovery
        // end
    }

    private static Task InsertRecordAsync(DbTransaction transaction, string path, CancellationToken ct) => Task.FromResult((transaction, path, ct));
}
