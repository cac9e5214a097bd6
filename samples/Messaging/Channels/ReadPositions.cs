using Messaging.Accounts;
using Messaging.Http;
using Messaging.Realtime;
using Resilience.Data;

namespace Messaging.Channels;

/// <summary>What PUT /api/channels/{id}/read takes.</summary>
public sealed record MarkRead(long? Sequence);

/// <summary>Told to the reader, in all windows.</summary>
public sealed record ChannelRead(string ChannelId, long Sequence);

/// <summary>How far a member has read. The position never goes back, and never beyond the newest message.</summary>
internal sealed class ReadPositions(ChannelWrites writes, Outbox outbox)
{
    private static readonly Refusals Reading = new("You are not a member of this channel.");

    // Only the reader's own row is locked: reading holds up nobody who writes.
    internal Task<IResult> SetAsync(long channelId, Caller reader, long sequence, CancellationToken cancellationToken) =>
        writes.RunAsync(
            GuardPlan.Create().RequireRow("members", LockMode.NoKeyUpdate, ("channel_id", channelId), ("user_id", reader.UserId)),
            (channelId, reader.UserId),
            Reading,
            async scope =>
            {
                var moved = await scope.FirstOrDefaultAsync<long?>(
                    """
                    UPDATE members SET read_sequence = n.position
                    FROM (SELECT CASE WHEN last_sequence < @sequence THEN last_sequence ELSE @sequence END AS position FROM channels WHERE id = @channelId) AS n
                    WHERE channel_id = @channelId AND user_id = @UserId AND read_sequence < n.position
                    RETURNING read_sequence
                    """,
                    new { channelId, reader.UserId, sequence });
                if (moved is { } position)
                {
                    await outbox.AddAsync(scope, Topics.User(reader.UserId), "channel.read", new ChannelRead(Ids.Format(channelId), position));
                }

                return TypedResults.NoContent();
            },
            cancellationToken);
}
