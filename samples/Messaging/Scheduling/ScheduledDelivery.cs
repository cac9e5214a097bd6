using Messaging.Channels;
using Messaging.Database;
using Messaging.Messages;
using Messaging.Realtime;
using Resilience.Queues;

namespace Messaging.Scheduling;

/// <summary>
/// Sends a scheduled message when it is due, as its author would: channel and membership are locked, the ban is looked up, and the message, its event and the
/// new state are one transaction. A second delivery finds the state changed and does nothing.
/// </summary>
internal sealed class ScheduledDelivery(Db database, MessageLog log, Outbox outbox) : IQueueHandler<ScheduledMessageId>
{
    // A commit that takes longer than the delay is still to come; a row that was rolled back never does.
    private const int MaxTriesWithoutRow = 3;

    public async Task HandleAsync(ScheduledMessageId item, DeliveryContext context, CancellationToken leaseLost)
    {
        var found = await database.WriteAsync(scope => DeliverAsync(scope, item.Key), leaseLost);
        if (!found && context.Attempt < MaxTriesWithoutRow)
        {
            context.Retry();
        }
    }

    private async Task<bool> DeliverAsync(DbScope scope, string key)
    {
        // Channel, author and text of a pending row never change, so this needs no lock; the state is asked for again below.
        var row = await scope.FirstOrDefaultAsync<ScheduledRow>(ScheduledRow.Select + " WHERE s.queue_key = @key", new { key });
        if (row is null)
        {
            return false;
        }

        if (row.State == ScheduledStates.Pending)
        {
            var access = await Access.LockAsync(scope, row.ChannelId, row.AuthorId);
            row.Reason = await RefusalAsync(scope, row, access);
            await (row.Reason is null ? SendAsync(scope, row) : FailAsync(scope, row));
        }

        return true;
    }

    private static async Task<string?> RefusalAsync(DbScope scope, ScheduledRow row, Access? access)
    {
        if (await Access.IsBannedAsync(scope, row.ChannelId, row.AuthorId))
        {
            return "You are banned from this channel.";
        }

        return access switch
        {
            null => "The channel is gone.",
            { IsMember: false } => "You are not a member of this channel.",
            _ => null,
        };
    }

    private async Task SendAsync(DbScope scope, ScheduledRow row)
    {
        // The text lives on in the message, where its author and the moderators can change it.
        if (await LeaveAsync(scope, row, ScheduledStates.Sent, text: string.Empty))
        {
            await log.AppendAsync(scope, row.ChannelId, row.Author, row.Text, row.ClientId);
            await TellAsync(scope, row);
        }
    }

    private async Task FailAsync(DbScope scope, ScheduledRow row)
    {
        if (await LeaveAsync(scope, row, ScheduledStates.Failed, row.Text))
        {
            await TellAsync(scope, row);
        }
    }

    /// <summary>Changes the state of a row that is still pending. Of this and a cancellation the first one wins, and the other one sees it.</summary>
    private static async Task<bool> LeaveAsync(DbScope scope, ScheduledRow row, string state, string text)
    {
        row.State = state;
        return await scope.ExecuteAsync(
            "UPDATE scheduled_messages SET state = @State, text = @text, reason = @Reason WHERE id = @Id AND state = @pending",
            new { row.State, text, row.Reason, row.Id, pending = ScheduledStates.Pending }) == 1;
    }

    private Task TellAsync(DbScope scope, ScheduledRow row) => outbox.AddAsync(scope, Topics.User(row.AuthorId), "scheduled", row.ToShape());
}
