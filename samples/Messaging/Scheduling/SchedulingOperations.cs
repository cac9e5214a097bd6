using Messaging.Accounts;
using Messaging.Http;
using Resilience.Queues;

namespace Messaging.Scheduling;

/// <summary>The cleanup for a scheduler outside, and the dead letters for operators.</summary>
internal static class SchedulingOperations
{
    private const string Scheme = "Bearer ";

    private static readonly TimeSpan FullRetryAfter = TimeSpan.FromSeconds(30);

    internal static void MapSchedulingOperations(this WebApplication app)
    {
        var ops = app.MapGroup("/ops").WithTags("Operations");
        ops.MapPost("/cron/cleanup-delayed-messages", CleanUpAsync)
            .WithSummary("Move expired entries of the queue to the dead letters. Authorization: Bearer, with the secret of Cron:Secret.")
            .Produces<CleanupShape>().ProducesProblem(401).ProducesProblem(404).ProducesProblem(409);

        var dead = ops.MapGroup("/dead-letters").RequireAuthorization(Operators.Policy).ProducesProblem(401).ProducesProblem(403);
        dead.MapGet("/", ListAsync).WithSummary("What the queue gave up, the oldest first.")
            .Produces<ListOf<DeadLetterShape>>().ProducesValidationProblem();
        dead.MapPost("/{id}/redrive", RedriveAsync).WithSummary("Put a dead letter back into the queue, due now.")
            .Produces(204).ProducesProblem(404).ProducesProblem(409).ProducesProblem(429);
    }

    private static async Task<IResult> CleanUpAsync(HttpContext context, CleanupTrigger trigger, CancellationToken cancellationToken)
    {
        var result = await trigger.TryRunAsync(Secret(context.Request), ScheduledQueue.Name, cancellationToken);
        switch (result.Status)
        {
            case CleanupTriggerStatus.Completed:
                var report = result.Report;
                return TypedResults.Ok(new CleanupShape(report.Removed, report.Batches, report.Remaining, (long)report.Duration.TotalMilliseconds));
            case CleanupTriggerStatus.NotConfigured:
                return Problems.NotFound("route: no secret is configured");
            case CleanupTriggerStatus.AlreadyRunning:
                return Problems.Conflict("A cleanup is running.");
            default:
                context.Response.Headers.WWWAuthenticate = "Bearer";
                return Problems.Unauthorized("The secret is missing or wrong.");
        }
    }

    private static string? Secret(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;

    private static async Task<IResult> ListAsync(
        string? after, string? limit, IDelayedQueue<ScheduledMessageId> queue, CancellationToken cancellationToken)
    {
        if (!Paging.TryParse(after, limit, out var paging, out var problem))
        {
            return problem;
        }

        var dead = await queue.DeadLetters.ListAsync(paging.After, paging.Limit, cancellationToken);
        var more = dead.Count == paging.Limit && (await queue.DeadLetters.ListAsync(dead[^1].Number, 1, cancellationToken)).Count > 0;
        return TypedResults.Ok(new ListOf<DeadLetterShape>([.. dead.Select(ToShape)], more ? Ids.Format(dead[^1].Number) : null));
    }

    private static async Task<IResult> RedriveAsync(string id, IDelayedQueue<ScheduledMessageId> queue, CancellationToken cancellationToken) =>
        await queue.DeadLetters.RedriveAsync(id, cancellationToken) switch
        {
            RedriveStatus.Redriven => TypedResults.NoContent(),
            RedriveStatus.Full => Problems.Later(StatusCodes.Status429TooManyRequests, FullRetryAfter, "The queue is full; the dead letter stays."),
            RedriveStatus.Duplicate => Problems.Conflict("The message is in the queue already."),
            _ => Problems.NotFound("dead letter"),
        };

    private static DeadLetterShape ToShape(DeadLetter<ScheduledMessageId> dead) => new(
        dead.Id,
        dead.Reason.ToString().ToLowerInvariant(),
        dead.Failures,
        dead.Deliveries,
        dead.EnqueuedAt.UtcDateTime,
        dead.DiedAt.UtcDateTime,
        [.. dead.History.Select(static failure => new DeadLetterFailure(failure.At.UtcDateTime, failure.Error))]);
}
