using Dapper;
using Messaging.Accounts;
using Messaging.Channels;
using Messaging.Database;
using Messaging.Http;
using Messaging.Realtime;

namespace Messaging.Messages;

/// <summary>The messages of a channel: a sequence without gaps at the time of writing, one event each.</summary>
internal sealed class MessageLog(
    Db database, ChannelWrites writes, Outbox outbox, IEnumerable<IMessageScheduler> schedulers, TimeProvider time)
{
    private static readonly Refusals Sending = new("You are not a member of this channel.");

    internal Task<IResult> SendAsync(long channelId, Caller author, string text, string? clientId, CancellationToken cancellationToken) =>
        writes.RunAsync(
            ChannelPlans.ChangeBy(channelId, author.UserId),
            (channelId, author.UserId),
            Sending,
            async scope =>
            {
                // The channel's lock is held: the same request sent twice at once finds what the first one stored.
                return clientId is not null && await StoredAsync(scope, channelId, author.UserId, clientId) is { } stored
                    ? stored
                    : TypedResults.Created((string?)null, await AppendAsync(scope, channelId, author, text, clientId));
            },
            cancellationToken);

    /// <summary>Appends a message and its event. The plan of the transaction is <see cref="ChannelPlans.ChangeBy"/> of the author.</summary>
    internal async Task<MessageShape> AppendAsync(DbScope scope, long channelId, Caller author, string text, string? clientId)
    {
        var sequence = await scope.SingleAsync<long>(
            "UPDATE channels SET last_sequence = last_sequence + 1 WHERE id = @channelId RETURNING last_sequence", new { channelId });
        var row = new MessageRow
        {
            ChannelId = channelId,
            Sequence = sequence,
            AuthorId = author.UserId,
            AuthorName = author.Name,
            Text = text,
            ClientId = clientId,
            SentAt = time.NowForStore(),
        };
        row.Id = await scope.SingleAsync<long>(
            """
            INSERT INTO messages (channel_id, sequence, author_id, text, client_id, sent_at)
            VALUES (@ChannelId, @Sequence, @AuthorId, @Text, @ClientId, @SentAt) RETURNING id
            """,
            new { row.ChannelId, row.Sequence, row.AuthorId, row.Text, row.ClientId, row.SentAt });
        var message = row.ToShape();
        await outbox.AddAsync(scope, Topics.Channel(channelId), "message", message);
        scope.Invalidate(ChannelFigures.Key(channelId));
        return message;
    }

    internal Task<IResult> ReadAsync(long channelId, Caller reader, Paging paging, CancellationToken cancellationToken) =>
        database.ReadAsync<IResult>(
            async scope =>
            {
                if (Access.Refusal(await Access.ReadAsync(scope, channelId, reader.UserId)) is { } refusal)
                {
                    return refusal;
                }

                var rows = (await scope.QueryAsync<MessageRow>(
                    MessageRow.Select + " WHERE m.channel_id = @channelId AND m.sequence > @After AND m.deleted_at IS NULL ORDER BY m.sequence LIMIT @take",
                    new { channelId, paging.After, take = paging.Limit + 1 })).AsList();
                return TypedResults.Ok(paging.Page(rows, static row => row.ToShape(), static row => row.Sequence));
            },
            cancellationToken);

    internal static async Task<MessageShape?> FindAsync(DbScope scope, long channelId, long authorId, string clientId) =>
        (await scope.FirstOrDefaultAsync<MessageRow>(
            MessageRow.Select + " WHERE m.channel_id = @channelId AND m.author_id = @authorId AND m.client_id = @clientId",
            new { channelId, authorId, clientId }))?.ToShape();

    /// <summary>The message of a client id, sent or scheduled; <see langword="null"/> where the id is new. The caller holds the channel's row.</summary>
    private async Task<IResult?> StoredAsync(DbScope scope, long channelId, long authorId, string clientId)
    {
        if (await FindAsync(scope, channelId, authorId, clientId) is { } sent)
        {
            return TypedResults.Ok(sent);
        }

        foreach (var scheduler in schedulers)
        {
            if (await scheduler.FindAsync(scope, channelId, authorId, clientId) is { } scheduled)
            {
                return scheduled;
            }
        }

        return null;
    }
}
