using Messaging.Database;
using Messaging.Http;
using Resilience.Data;

namespace Messaging.Channels;

/// <summary>What the refusals of a change are called.</summary>
/// <param name="Denied">For a member who may not do it.</param>
/// <param name="Missing">What there is not.</param>
/// <param name="Conflict">Why the state of the channel does not allow it.</param>
internal sealed record Refusals(string Denied, string Missing = "member", string Conflict = "The channel has changed meanwhile.");

/// <summary>
/// Runs changes of channels as guarded transactions and answers them. The decision is the transaction's; a refusal is put into words afterwards, by rows read
/// without a lock, so its text may be newer than the decision.
/// </summary>
internal sealed class ChannelWrites(Db database)
{
    /// <summary>Runs a change. One that refuses with <see cref="GuardOutcome.Conflict"/> may return what to answer; nothing of it is kept either way.</summary>
    internal async Task<IResult> RunAsync(
        GuardPlan plan, (long Channel, long User) who, Refusals refusals, Func<DbScope, Task<IResult>> change, CancellationToken cancellationToken)
    {
        (int Attempt, IResult? Answer) said = default;
        var result = await database.WriteAsync(
            plan,
            async scope =>
            {
                var answer = await change(scope);
                said = (scope.Attempt, answer);
                return answer;
            },
            cancellationToken);
        return result.Outcome switch
        {
            GuardOutcome.Applied => result.Value!,
            GuardOutcome.Conflict when said.Attempt == result.Attempts && said.Answer is not null => said.Answer,
            GuardOutcome.Denied => await ExplainAsync(who, refusals.Denied, cancellationToken),
            GuardOutcome.NotFound => Problems.NotFound(refusals.Missing),
            GuardOutcome.Conflict => Problems.Conflict(refusals.Conflict),
            _ => throw new DatabaseBusyException(result.Outcome, result.Error),
        };
    }

    private Task<IResult> ExplainAsync((long Channel, long User) who, string denied, CancellationToken cancellationToken) =>
        database.ReadAsync<IResult>(
            async scope => await Access.ReadAsync(scope, who.Channel, who.User) switch
            {
                null => Problems.NotFound("channel"),
                { IsBanned: true } => Problems.Forbidden("You are banned from this channel."),
                { IsMember: false, IsPrivate: true } => Problems.Forbidden("You are not a member of this private channel; an owner has to add you."),
                { IsMember: false } => Problems.NotMember(),
                _ => Problems.Forbidden(denied),
            },
            cancellationToken);
}
