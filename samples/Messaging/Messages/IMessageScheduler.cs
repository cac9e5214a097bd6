using Messaging.Accounts;

namespace Messaging.Messages;

/// <summary>Takes messages that are to be sent later. The text and the client id have been checked; membership has not.</summary>
internal interface IMessageScheduler
{
    Task<IResult> ScheduleAsync(long channelId, Caller caller, string text, string? clientId, int delaySeconds, CancellationToken cancellationToken);
}
