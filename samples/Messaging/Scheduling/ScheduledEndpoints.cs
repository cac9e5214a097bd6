using Messaging.Accounts;
using Messaging.Http;

namespace Messaging.Scheduling;

/// <summary>The caller's scheduled messages. They are made by POST /api/channels/{id}/messages with delaySeconds.</summary>
internal static class ScheduledEndpoints
{
    internal static void MapScheduling(this RouteGroupBuilder api)
    {
        var scheduled = api.MapGroup("/scheduled").WithTags("Scheduled").RequireAuthorization().ProducesProblem(401);
        scheduled.MapGet("/", ListAsync).WithSummary("What the caller has waiting to be sent, and what could not be sent, with the reason.")
            .Produces<ListOf<ScheduledShape>>().ProducesValidationProblem();
        scheduled.MapDelete("/{id}", CancelAsync).WithSummary("Cancel what waits; dismiss what failed. 409 for what was sent.")
            .Produces(204).ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> ListAsync(
        string? after, string? limit, HttpContext context, ScheduledMessages scheduled, CancellationToken cancellationToken) =>
        Paging.TryParse(after, limit, out var paging, out var problem)
            ? TypedResults.Ok(await scheduled.ListAsync(Caller.Of(context.User).UserId, paging, cancellationToken))
            : problem;

    private static async Task<IResult> CancelAsync(string id, HttpContext context, ScheduledMessages scheduled, CancellationToken cancellationToken) =>
        Ids.TryParse(id, out var scheduledId)
            ? await scheduled.CancelAsync(scheduledId, Caller.Of(context.User), cancellationToken)
            : Problems.NotFound("scheduled message");
}
