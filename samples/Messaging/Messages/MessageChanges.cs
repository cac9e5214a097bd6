using Messaging.Accounts;
using Messaging.Channels;
using Messaging.Database;
using Messaging.Http;
using Messaging.Realtime;
using Resilience.Data;

namespace Messaging.Messages;

/// <summary>What is told of a message that was deleted.</summary>
public sealed record MessageDeleted(string Id, string ChannelId, long Sequence);

/// <summary>
/// Editing and deleting. Channel, membership and message are locked before anything is decided, so nobody changes a message that is not theirs to change,
/// whatever the timing.
/// </summary>
internal sealed class MessageChanges(Db database, ChannelWrites writes, Outbox outbox, TimeProvider time)
{
    private static readonly Refusals Editing = new("Only its author edits a message.", "message");
    private static readonly Refusals Deleting = new("Only its author and moderators delete a message.", "message");

    internal async Task<IResult> EditAsync(long messageId, Caller caller, string text, CancellationToken cancellationToken)
    {
        if (await ChannelOfAsync(messageId, cancellationToken) is not { } channelId)
        {
            return Problems.NotFound("message");
        }

        var plan = Change(channelId, messageId, caller).RequireRow("messages", ("id", messageId), ("author_id", caller.UserId));
        return await writes.RunAsync(plan, (channelId, caller.UserId), Editing, scope => EditAsync(scope, channelId, messageId, text), cancellationToken);
    }

    internal async Task<IResult> DeleteAsync(long messageId, Caller caller, CancellationToken cancellationToken)
    {
        if (await ChannelOfAsync(messageId, cancellationToken) is not { } channelId)
        {
            return Problems.NotFound("message");
        }

        var plan = Change(channelId, messageId, caller).RequireAny(
            GuardRow.Of("messages", ("id", messageId), ("author_id", caller.UserId)),
            ChannelPlans.Member(channelId, caller.UserId, Roles.Owner, Roles.Moderator));
        return await writes.RunAsync(plan, (channelId, caller.UserId), Deleting, scope => DeleteAsync(scope, channelId, messageId), cancellationToken);
    }

    /// <summary>A member's change of a message that was not deleted.</summary>
    private static GuardPlan Change(long channelId, long messageId, Caller caller) =>
        ChannelPlans.ChangeBy(channelId, caller.UserId).LockRow("messages", ("id", messageId), ("deleted_at", GuardRow.Null));

    private async Task<IResult> EditAsync(DbScope scope, long channelId, long messageId, string text)
    {
        await scope.ExecuteAsync("UPDATE messages SET text = @text, edited_at = @now WHERE id = @messageId", new { text, now = time.NowForStore(), messageId });
        var edited = (await scope.SingleAsync<MessageRow>(MessageRow.Select + " WHERE m.id = @messageId", new { messageId })).ToShape();
        await outbox.AddAsync(scope, Topics.Channel(channelId), "message.edited", edited);
        return TypedResults.Ok(edited);
    }

    private async Task<IResult> DeleteAsync(DbScope scope, long channelId, long messageId)
    {
        var sequence = await scope.SingleAsync<long>(
            "UPDATE messages SET text = '', deleted_at = @now WHERE id = @messageId RETURNING sequence", new { now = time.NowForStore(), messageId });
        await outbox.AddAsync(
            scope, Topics.Channel(channelId), "message.deleted", new MessageDeleted(Ids.Format(messageId), Ids.Format(channelId), sequence));
        return TypedResults.NoContent();
    }

    /// <summary>A message never changes its channel, so this needs no lock; what can change is asked for by the plan.</summary>
    private Task<long?> ChannelOfAsync(long messageId, CancellationToken cancellationToken) => database.ReadAsync(
        scope => scope.FirstOrDefaultAsync<long?>("SELECT channel_id FROM messages WHERE id = @messageId", new { messageId }), cancellationToken);
}
