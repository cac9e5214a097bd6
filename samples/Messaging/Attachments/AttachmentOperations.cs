using System.Globalization;
using Messaging.Accounts;
using Messaging.Http;
using Messaging.Operations;
using Resilience.Storage;

namespace Messaging.Attachments;

/// <summary>The audit trail and the sweep, for operators.</summary>
internal static class AttachmentOperations
{
    // A run over everything, chunk by chunk, each of which asks again on purpose.
    private static readonly StatementBudget SweepBudget = new(100_000, Repeats: 100_000);

    internal static void MapAttachmentOperations(this WebApplication app)
    {
        var ops = app.MapGroup("/ops").WithTags("Operations").RequireAuthorization(Operators.Policy).ProducesProblem(401).ProducesProblem(403);
        ops.MapGet("/audit", AuditAsync).WithSummary("Read the audit trail of deletions.").ProducesValidationProblem();
        ops.MapPost("/sweep", SweepAsync).WithSummary("Look for files without a record; with dryRun nothing is moved.").Produces<SweepReport>()
            .WithMetadata(SweepBudget);
    }

    private static async Task<IResult> AuditAsync(string? after, string? limit, IDeletionAudit audit, CancellationToken cancellationToken)
    {
        if (!Paging.TryParse(after, limit, out var paging, out var problem))
        {
            return problem;
        }

        var entries = await audit.ReadAsync(paging.After, paging.Limit, cancellationToken);
        return TypedResults.Ok(new ListOf<object>(
            [
                .. entries.Select(static e => new
                {
                    id = e.Id.ToString(CultureInfo.InvariantCulture),
                    occurredAt = e.OccurredAt.UtcDateTime,
                    attachmentId = e.RecordKey,
                    userId = e.UserId,
                    result = e.Result.ToString(),
                    e.Attempt,
                    e.ErrorCode,
                    e.Path,
                }),
            ],
            entries.Count == paging.Limit ? Ids.Format(entries[^1].Id) : null));
    }

    private static async Task<IResult> SweepAsync(SweepRequest request, IOrphanSweeper sweeper, CancellationToken cancellationToken)
    {
        var report = await sweeper.RunAsync(request.DryRun, progress: null, cancellationToken);
        return report.Outcome == SweepOutcome.AlreadyRunning ? Problems.Conflict("A sweep is running.") : TypedResults.Ok(new
        {
            outcome = report.Outcome.ToString(),
            report.Reason,
            report.DryRun,
            report.Scanned,
            report.Orphans,
            report.Quarantined,
            report.Deleted,
            report.Restored,
            report.Failed,
            durationMs = (long)report.Duration.TotalMilliseconds,
        });
    }
}
