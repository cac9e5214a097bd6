using Messaging.Accounts;
using Messaging.Channels;
using Messaging.Database;
using Messaging.Http;
using Messaging.Messages;
using Messaging.Realtime;
using Resilience.Data;

namespace Messaging.Scheduling;

/// <summary>
/// Messages that are to be sent later: a row each, whose key waits in the queue. The row decides: it is sent or cancelled by whoever changes its state first.
/// Safe for concurrent use.
/// </summary>
internal sealed class ScheduledMessages(Db database, ChannelWrites writes, ScheduledQueue queue, Outbox outbox, TimeProvider time) : IMessageScheduler
{
    internal const int MaxPendingPerUser = 100;

    private static readonly Refusals Scheduling = new("You are not a member of this channel.", "user");
    private static readonly TimeSpan FullRetryAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan UnreachableRetryAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1);

    public async Task<IResult> ScheduleAsync(
        long channelId, Caller caller, string text, string? clientId, int delaySeconds, CancellationToken cancellationToken)
    {
        // Made once, so that a transaction that is run again finds its own entry in the queue.
        var key = ScheduledMessageId.New();
        try
        {
            return await writes.RunAsync(
                ChannelPlans.ChangeBy(channelId, caller.UserId).LockRows("users", "id", [caller.UserId], LockMode.NoKeyUpdate),
                (channelId, caller.UserId),
                Scheduling,
                scope => ScheduleAsync(scope, key, channelId, caller, text, clientId, TimeSpan.FromSeconds(delaySeconds), cancellationToken),
                cancellationToken);
        }
        catch
        {
            // Should the row be there after all (the answer to the commit was lost), the recovery puts its key back.
            await queue.ForgetAsync(key);
            throw;
        }
    }

    public async Task<IResult?> FindAsync(DbScope scope, long channelId, long authorId, string clientId) =>
        await scope.FirstOrDefaultAsync<ScheduledRow>(
            ScheduledRow.Select + " WHERE s.channel_id = @channelId AND s.author_id = @authorId AND s.client_id = @clientId",
            new { channelId, authorId, clientId }) is { } row
            ? TypedResults.Ok(row.ToShape())
            : null;

    /// <summary>What waits, and what failed and was not dismissed yet.</summary>
    internal Task<ListOf<ScheduledShape>> ListAsync(long userId, Paging paging, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async scope =>
            {
                var rows = await scope.QueryAsync<ScheduledRow>(
                    ScheduledRow.Select + $" WHERE s.author_id = @userId AND {scope.Dialect.IsOneOf("s.state", "@states")} AND s.id > @After ORDER BY s.id LIMIT @take",
                    new { userId, states = new[] { ScheduledStates.Pending, ScheduledStates.Failed }, paging.After, take = paging.Limit + 1 });
                return paging.Page([.. rows], static row => row.ToShape(), static row => row.Id);
            },
            cancellationToken);

    /// <summary>Cancels what waits, or dismisses what failed.</summary>
    internal async Task<IResult> CancelAsync(long id, Caller caller, CancellationToken cancellationToken)
    {
        var (refusal, key) = await database.WriteAsync(scope => CancelAsync(scope, id, caller), cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        await queue.ForgetAsync(new ScheduledMessageId(key));
        return TypedResults.NoContent();
    }

    private async Task<IResult> ScheduleAsync(
        DbScope scope, ScheduledMessageId key, long channelId, Caller caller, string text, string? clientId, TimeSpan delay, CancellationToken cancellationToken)
    {
        if (clientId is not null && await StoredAsync(scope, channelId, caller.UserId, clientId) is { } stored)
        {
            return stored;
        }

        if (await QuotaAsync(scope, caller.UserId) is { } tooMany)
        {
            return tooMany;
        }

        var row = await InsertAsync(scope, key, channelId, caller, text, clientId, delay);
        await outbox.AddAsync(scope, Topics.User(caller.UserId), "scheduled", row.ToShape());

        // Last, so that nothing can refuse after the queue has accepted. A row that the queue refuses is never seen.
        var refused = Refusal(await queue.AddAsync(key, delay, cancellationToken));
        if (refused is not null)
        {
            scope.Refuse<IResult>(GuardOutcome.Conflict);
        }

        return refused ?? TypedResults.Accepted((string?)null, row.ToShape());
    }

    private static IResult? Refusal(ScheduledQueueAnswer answer) => answer switch
    {
        ScheduledQueueAnswer.Full => Problems.Later(
            StatusCodes.Status429TooManyRequests, FullRetryAfter, "Too many messages wait to be sent. Try again later."),
        ScheduledQueueAnswer.Unreachable => Problems.Later(
            StatusCodes.Status503ServiceUnavailable, UnreachableRetryAfter, "Messages cannot be scheduled at the moment. Try again later."),
        _ => null,
    };

    private async Task<IResult?> StoredAsync(DbScope scope, long channelId, long authorId, string clientId) =>
        await MessageLog.FindAsync(scope, channelId, authorId, clientId) is { } sent
            ? TypedResults.Ok(sent)
            : await FindAsync(scope, channelId, authorId, clientId);

    /// <summary>The plan holds the user's row too, so that requests in several channels do not pass the limit together.</summary>
    private async Task<IResult?> QuotaAsync(DbScope scope, long userId)
    {
        var (count, first) = await scope.SingleAsync<(long Count, long? First)>(
            "SELECT COUNT(*), MIN(due_at) FROM scheduled_messages WHERE author_id = @userId AND state = @state",
            new { userId, state = ScheduledStates.Pending });
        if (count < MaxPendingPerUser)
        {
            return null;
        }

        var wait = TimeSpan.FromMilliseconds(Math.Max(0, (first ?? 0) - time.NowForStore()));
        return Problems.Later(
            StatusCodes.Status429TooManyRequests,
            wait < LongestRetryAfter ? wait : LongestRetryAfter,
            $"You have {count} messages waiting to be sent, at most {MaxPendingPerUser} are allowed. Cancel one, or wait until one is sent.");
    }

    private async Task<ScheduledRow> InsertAsync(
        DbScope scope, ScheduledMessageId key, long channelId, Caller author, string text, string? clientId, TimeSpan delay)
    {
        var now = time.NowForStore();
        var row = new ScheduledRow
        {
            QueueKey = key.Key,
            ChannelId = channelId,
            AuthorId = author.UserId,
            AuthorName = author.Name,
            Text = text,
            ClientId = clientId,
            DueAt = now + (long)delay.TotalMilliseconds,
            State = ScheduledStates.Pending,
        };
        row.Id = await scope.SingleAsync<long>(
            """
            INSERT INTO scheduled_messages (queue_key, channel_id, author_id, text, client_id, created_at, due_at, state)
            VALUES (@QueueKey, @ChannelId, @AuthorId, @Text, @ClientId, @now, @DueAt, @State) RETURNING id
            """,
            new { row.QueueKey, row.ChannelId, row.AuthorId, row.Text, row.ClientId, now, row.DueAt, row.State });
        return row;
    }

    private async Task<(IResult? Refusal, string Key)> CancelAsync(DbScope scope, long id, Caller caller)
    {
        // One statement asks for the state and changes it: a delivery that runs meanwhile comes before or after it, never between.
        var cancelled = await scope.FirstOrDefaultAsync<string>(
            $"UPDATE scheduled_messages SET state = @to, text = '' WHERE id = @id AND author_id = @UserId AND {scope.Dialect.IsOneOf("state", "@from")} RETURNING queue_key",
            new { to = ScheduledStates.Cancelled, id, caller.UserId, from = new[] { ScheduledStates.Pending, ScheduledStates.Failed } });
        var row = await scope.FirstOrDefaultAsync<ScheduledRow>(
            ScheduledRow.Select + " WHERE s.id = @id AND s.author_id = @UserId", new { id, caller.UserId });
        if (cancelled is null)
        {
            return (row?.State == ScheduledStates.Sent
                ? Problems.Conflict("The message has been sent already.")
                : Problems.NotFound("scheduled message"), string.Empty);
        }

        await outbox.AddAsync(scope, Topics.User(caller.UserId), "scheduled", row!.ToShape());
        return (null, cancelled);
    }
}
