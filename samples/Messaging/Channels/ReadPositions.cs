using Messaging.Accounts;
using Messaging.Database;
using Messaging.Http;
using Messaging.Realtime;

namespace Messaging.Channels;

/// <summary>What PUT /api/channels/{id}/read takes.</summary>
public sealed record MarkRead(long? Sequence);

/// <summary>Told to the reader, in all windows.</summary>
public sealed record ChannelRead(string ChannelId, long Sequence);

/// <summary>How far a member has read. The position never goes back, and never beyond the newest message.</summary>
internal sealed class ReadPositions(Db database, Outbox outbox)
{
    internal Task<IResult> SetAsync(long channelId, Caller reader, long sequence, CancellationToken cancellationToken) =>
        database.WriteAsync<IResult>(
            async scope =>
            {
                var access = await Access.ReadAsync(scope, channelId, reader.UserId);
                if (Access.Refusal(access) is { } refusal)
                {
                    return refusal;
                }

                var position = Math.Min(sequence, access!.LastSequence);
                var moved = await scope.ExecuteAsync(
                    """
                    UPDATE members SET read_sequence = @position
                    WHERE channel_id = @channelId AND user_id = @UserId AND read_sequence < @position
                    """,
                    new { position, channelId, reader.UserId });
                if (moved > 0)
                {
                    await outbox.AddAsync(scope, Topics.User(reader.UserId), "channel.read", new ChannelRead(Ids.Format(channelId), position));
                }

                return TypedResults.NoContent();
            },
            cancellationToken);
}
