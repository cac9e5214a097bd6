using Messaging.Accounts;
using Messaging.Database;

namespace Messaging.Messages;

/// <summary>Takes messages that are to be sent later. The text and the client id have been checked; membership has not.</summary>
internal interface IMessageScheduler
{
    Task<IResult> ScheduleAsync(long channelId, Caller caller, string text, string? clientId, int delaySeconds, CancellationToken cancellationToken);

    /// <summary>The answer for a client id that a scheduled message has; <see langword="null"/> where none has it. The caller holds the channel's row.</summary>
    Task<IResult?> FindAsync(DbScope scope, long channelId, long authorId, string clientId);
}
