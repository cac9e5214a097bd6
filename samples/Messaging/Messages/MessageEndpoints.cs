using Messaging.Accounts;
using Messaging.Http;
using Messaging.Limits;
using Messaging.Scheduling;

namespace Messaging.Messages;

/// <summary>Sending and reading messages.</summary>
internal static class MessageEndpoints
{
    private const int MaxTextLength = 4_000;
    private const int MaxClientIdLength = 100;
    private const int MaxDelaySeconds = 2_592_000;

    internal static void MapMessages(this RouteGroupBuilder api)
    {
        var messages = api.MapGroup("/channels/{id}/messages").WithTags("Messages").RequireAuthorization()
            .ProducesValidationProblem().ProducesProblem(401).ProducesProblem(403).ProducesProblem(404);
        messages.MapGet("/", ReadAsync).WithSummary("Read messages after a sequence, oldest first.").Produces<ListOf<MessageShape>>();
        messages.MapPost("/", SendAsync).RequireRateLimiting(RatePolicies.Posts)
            .WithSummary("Send a message, with delaySeconds later. The same clientId again answers 200 with what is stored.")
            .Produces<MessageShape>(201).Produces<MessageShape>().Produces<ScheduledShape>(202).ProducesProblem(429).ProducesProblem(503);

        var message = api.MapGroup("/messages/{id}").WithTags("Messages").RequireAuthorization()
            .ProducesProblem(401).ProducesProblem(403).ProducesProblem(404);
        message.MapPatch("/", EditAsync).WithSummary("Edit one's own message.").Produces<MessageShape>().ProducesValidationProblem();
        message.MapDelete("/", DeleteAsync).WithSummary("Delete one's own message, or any as moderator.").Produces(204);
    }

    private static async Task<IResult> ReadAsync(
        string id, string? after, string? limit, HttpContext context, MessageLog log, CancellationToken cancellationToken)
    {
        if (!Ids.TryParse(id, out var channelId))
        {
            return Problems.NotFound("channel");
        }

        return Paging.TryParse(after, limit, out var paging, out var problem)
            ? await log.ReadAsync(channelId, Caller.Of(context.User), paging, cancellationToken)
            : problem;
    }

    private static async Task<IResult> SendAsync(
        string id, SendMessage message, HttpContext context, MessageLog log, IEnumerable<IMessageScheduler> schedulers,
        CancellationToken cancellationToken)
    {
        if (!Ids.TryParse(id, out var channelId))
        {
            return Problems.NotFound("channel");
        }

        if (!Validate.Text(message.Text, "text", 1, MaxTextLength, out var problem)
            || (message.ClientId is not null && !Validate.Text(message.ClientId, "clientId", 1, MaxClientIdLength, out problem)))
        {
            return problem;
        }

        var caller = Caller.Of(context.User);
        if (message.DelaySeconds is not { } delay)
        {
            return await log.SendAsync(channelId, caller, message.Text, message.ClientId, cancellationToken);
        }

        if (schedulers.FirstOrDefault() is not { } scheduler || delay is < 1 or > MaxDelaySeconds)
        {
            return Problems.Invalid("delaySeconds", $"must be 1 to {MaxDelaySeconds:N0}, on a server that has delayed messages enabled.");
        }

        return await scheduler.ScheduleAsync(channelId, caller, message.Text, message.ClientId, delay, cancellationToken);
    }

    private static async Task<IResult> EditAsync(
        string id, EditMessage edit, HttpContext context, MessageChanges changes, CancellationToken cancellationToken)
    {
        if (!Ids.TryParse(id, out var messageId))
        {
            return Problems.NotFound("message");
        }

        return Validate.Text(edit.Text, "text", 1, MaxTextLength, out var problem)
            ? await changes.EditAsync(messageId, Caller.Of(context.User), edit.Text, cancellationToken)
            : problem;
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, MessageChanges changes, CancellationToken cancellationToken) =>
        Ids.TryParse(id, out var messageId)
            ? await changes.DeleteAsync(messageId, Caller.Of(context.User), cancellationToken)
            : Problems.NotFound("message");
}
