using Messaging.Channels;
using Messaging.Database;
using Messaging.Messages;
using Messaging.Realtime;
using Resilience.Data;
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
        // Channel, author and text of a pending row never change, so this needs no lock; the state is asked for again below.
        var row = await database.ReadAsync(
            scope => scope.FirstOrDefaultAsync<ScheduledRow>(ScheduledRow.Select + " WHERE s.queue_key = @key", new { key = item.Key }), leaseLost);
        if (row is { State: ScheduledStates.Pending })
        {
            await DeliverAsync(row, leaseLost);
        }
        else if (row is null && context.Attempt < MaxTriesWithoutRow)
        {
            context.Retry();
        }
    }

    private async Task DeliverAsync(ScheduledRow row, CancellationToken cancellationToken)
    {
        var plan = ChannelPlans.ChangeBy(row.ChannelId, row.AuthorId).ForbidBan(row.ChannelId, row.AuthorId);
        var result = await database.WriteInBackgroundAsync(plan, scope => SendAsync(scope, row), cancellationToken);
        switch (result.Outcome)
        {
            case GuardOutcome.Applied:
                return;
            case GuardOutcome.Denied or GuardOutcome.NotFound:
                row.Reason = await ReasonAsync(row, cancellationToken);
                await database.WriteInBackgroundAsync(scope => FailAsync(scope, row), cancellationToken);
                return;
            default:
                throw new DatabaseBusyException(result.Outcome, result.Error);
        }
    }

    /// <summary>Why it was refused, as far as it can still be seen.</summary>
    private Task<string> ReasonAsync(ScheduledRow row, CancellationToken cancellationToken) => database.ReadAsync(
        async scope => await Access.ReadAsync(scope, row.ChannelId, row.AuthorId) switch
        {
            null => "The channel is gone.",
            { IsBanned: true } => "You are banned from this channel.",
            _ => "You are not a member of this channel.",
        },
        cancellationToken);

    private async Task<bool> SendAsync(DbScope scope, ScheduledRow row)
    {
        // The text lives on in the message, where its author and the moderators can change it.
        if (!await LeaveAsync(scope, row, ScheduledStates.Sent, text: string.Empty))
        {
            return false;
        }

        await log.AppendAsync(scope, row.ChannelId, row.Author, row.Text, row.ClientId);
        await TellAsync(scope, row);
        return true;
    }

    private async Task<bool> FailAsync(DbScope scope, ScheduledRow row)
    {
        if (!await LeaveAsync(scope, row, ScheduledStates.Failed, row.Text))
        {
            return false;
        }

        await TellAsync(scope, row);
        return true;
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
