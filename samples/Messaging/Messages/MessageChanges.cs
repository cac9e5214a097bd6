using Messaging.Accounts;
using Messaging.Channels;
using Messaging.Database;
using Messaging.Http;
using Messaging.Realtime;

namespace Messaging.Messages;

/// <summary>What is told of a message that was deleted.</summary>
public sealed record MessageDeleted(string Id, string ChannelId, long Sequence);

/// <summary>
/// Editing and deleting. Channel, membership and message are locked in this order before anything is decided, so nobody changes a message that is not
/// theirs to change, whatever the timing.
/// </summary>
internal sealed class MessageChanges(Db database, Outbox outbox, TimeProvider time)
{
    internal Task<IResult> EditAsync(long messageId, Caller caller, string text, CancellationToken cancellationToken) =>
        ChangeAsync(
            messageId,
            caller,
            async (scope, message, _) =>
            {
                if (message.AuthorId != caller.UserId)
                {
                    return Problems.Forbidden("Only its author edits a message.");
                }

                message.Text = text;
                message.EditedAt = time.NowForStore();
                await scope.ExecuteAsync("UPDATE messages SET text = @Text, edited_at = @EditedAt WHERE id = @Id", new { message.Text, message.EditedAt, message.Id });
                var edited = message.ToShape();
                await outbox.AddAsync(scope, Topics.Channel(message.ChannelId), "message.edited", edited);
                return TypedResults.Ok(edited);
            },
            cancellationToken);

    internal Task<IResult> DeleteAsync(long messageId, Caller caller, CancellationToken cancellationToken) =>
        ChangeAsync(
            messageId,
            caller,
            async (scope, message, access) =>
            {
                if (message.AuthorId != caller.UserId && !access.IsModerator)
                {
                    return Problems.Forbidden("Only its author and moderators delete a message.");
                }

                await scope.ExecuteAsync(
                    "UPDATE messages SET text = '', deleted_at = @now WHERE id = @Id", new { now = time.NowForStore(), message.Id });
                await outbox.AddAsync(
                    scope, Topics.Channel(message.ChannelId), "message.deleted",
                    new MessageDeleted(Ids.Format(message.Id), Ids.Format(message.ChannelId), message.Sequence));
                return TypedResults.NoContent();
            },
            cancellationToken);

    private Task<IResult> ChangeAsync(
        long messageId, Caller caller, Func<DbScope, MessageRow, Access, Task<IResult>> change, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async scope =>
            {
                // A message never changes its channel, so this needs no lock; everything that can change is read again below.
                var channelId = await scope.FirstOrDefaultAsync<long?>("SELECT channel_id FROM messages WHERE id = @messageId", new { messageId });
                if (channelId is null)
                {
                    return Problems.NotFound("message");
                }

                var access = await Access.LockAsync(scope, channelId.Value, caller.UserId);
                if (Access.Refusal(access) is { } refusal)
                {
                    return refusal;
                }

                return await LockAsync(scope, messageId) is { } message ? await change(scope, message, access!) : Problems.NotFound("message");
            },
            cancellationToken);

    private static async Task<MessageRow?> LockAsync(DbScope scope, long messageId)
    {
        var live = await scope.FirstOrDefaultAsync<long?>(
            "SELECT id FROM messages WHERE id = @messageId AND deleted_at IS NULL" + scope.Dialect.ForUpdate, new { messageId });
        return live is null ? null : await scope.SingleAsync<MessageRow>(MessageRow.Select + " WHERE m.id = @messageId", new { messageId });
    }
}
