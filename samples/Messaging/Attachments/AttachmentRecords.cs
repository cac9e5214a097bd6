using System.Data.Common;
using System.Globalization;
using Dapper;
using Messaging.Channels;
using Messaging.Database;
using Messaging.Http;
using Messaging.Realtime;
using Resilience.Storage;

namespace Messaging.Attachments;

/// <summary>
/// The records that deletions work on. A record carries the channel's owners, read under the channel's lock, so that who may delete is decided on rows that
/// cannot change until the commit; and the event that tells of a file's end is written in the transaction that ends it.
/// </summary>
internal sealed class AttachmentRecords(Dialect dialect, Outbox outbox) : IFileRecordStore
{
    internal const string Owners = "owners";
    internal const string UploaderRole = "uploader_role";

    public async ValueTask<FileRecord?> FindAsync(
        DbConnection connection, DbTransaction? transaction, string key, bool lockRecord, CancellationToken cancellationToken)
    {
        if (!Ids.TryParse(key, out var id))
        {
            return null;
        }

        var scope = new DbScope(connection, transaction, dialect, cancellationToken);
        if (await scope.FirstOrDefaultAsync<long?>("SELECT channel_id FROM attachments WHERE id = @id", new { id }) is not { } channelId)
        {
            return null;
        }

        // Without the lock a record on its way out is found too: who may delete it may know that it is going.
        // The channel first, as every writer does: its lock is what changes of roles wait for.
        await LockChannelAsync(scope, channelId, lockRecord);
        var row = await scope.FirstOrDefaultAsync<AttachmentRow>(
            "SELECT id, uploader_id, path FROM attachments WHERE id = @id" + (lockRecord ? " AND pending_delete IS NULL" + dialect.ForUpdate : string.Empty), new { id });
        if (row is null)
        {
            return null;
        }

        var owners = await scope.QueryAsync<long>(
            "SELECT user_id FROM members WHERE channel_id = @channelId AND role = @role ORDER BY user_id", new { channelId, role = Roles.Owner });
        var uploader = await scope.FirstOrDefaultAsync<string>(
            "SELECT role FROM members WHERE channel_id = @channelId AND user_id = @UploaderId", new { channelId, row.UploaderId });
        return new FileRecord(
            key,
            row.Path,
            Ids.Format(row.UploaderId),
            new Dictionary<string, string?> { [Owners] = string.Join(' ', owners.Select(Ids.Format)), [UploaderRole] = uploader });
    }

    public async ValueTask<string?> RemoveAsync(DbTransaction transaction, FileRecord record, Guid deletionId, CancellationToken cancellationToken)
    {
        await Scope(transaction, cancellationToken).ExecuteAsync(
            "UPDATE attachments SET pending_delete = @deletion, delete_error = NULL WHERE id = @id", new { deletion = Name(deletionId), id = Id(record.Key) });
        return null;
    }

    public async ValueTask<bool> RestoreAsync(DbTransaction transaction, RemovedRecord removed, string errorCode, CancellationToken cancellationToken) =>
        await Scope(transaction, cancellationToken).ExecuteAsync(
            "UPDATE attachments SET pending_delete = NULL, delete_error = @errorCode WHERE id = @id AND pending_delete = @deletion",
            new { errorCode, id = Id(removed.Key), deletion = Name(removed.DeletionId) }) == 1;

    public async ValueTask CompleteAsync(DbTransaction transaction, RemovedRecord removed, CancellationToken cancellationToken)
    {
        var scope = Scope(transaction, cancellationToken);
        var id = Id(removed.Key);
        if (await scope.FirstOrDefaultAsync<long?>(
            "SELECT channel_id FROM attachments WHERE id = @id AND pending_delete = @deletion", new { id, deletion = Name(removed.DeletionId) }) is not { } channelId)
        {
            return;
        }

        await LockChannelAsync(scope, channelId, lockRecord: true);
        await scope.ExecuteAsync("DELETE FROM attachments WHERE id = @id", new { id });
        await outbox.AddAsync(scope, Topics.Channel(channelId), "attachment.deleted", new AttachmentGone(removed.Key, Ids.Format(channelId)));
    }

    public async ValueTask<IReadOnlyCollection<string>> FindKnownPathsAsync(
        DbConnection connection, DbTransaction? transaction, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        (await new DbScope(connection, transaction, dialect, cancellationToken).QueryAsync<string>(
            $"SELECT path FROM attachments WHERE {dialect.IsOneOf("path", "@paths")}", new { paths = paths.ToArray() })).AsList();

    private static long Id(string key) => long.Parse(key, CultureInfo.InvariantCulture);

    private static string Name(Guid deletion) => deletion.ToString("D");

    private static async Task LockChannelAsync(DbScope scope, long channelId, bool lockRecord)
    {
        if (lockRecord)
        {
            await scope.FirstOrDefaultAsync<long?>("SELECT id FROM channels WHERE id = @channelId" + scope.Dialect.ForUpdate, new { channelId });
        }
    }

    private DbScope Scope(DbTransaction transaction, CancellationToken cancellationToken) => new(transaction.Connection!, transaction, dialect, cancellationToken);
}

/// <summary>A file is deleted by who uploaded it and is still a member, or by an owner of its channel. All of it is part of the record, so the decision holds for the locked rows.</summary>
internal sealed class AttachmentAuthorizer : IDeletionAuthorizer
{
    public ValueTask<bool> CanDeleteAsync(FileRecord record, DeletionContext who, CancellationToken cancellationToken) =>
        new((record.OwnerId == who.UserId && record.Columns[AttachmentRecords.UploaderRole] is not null)
            || (record.Columns[AttachmentRecords.Owners] ?? string.Empty).Split(' ').Contains(who.UserId));
}
