using Messaging.Accounts;
using Messaging.Http;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Resilience.Data;

namespace Messaging.Operations;

/// <summary>The state of the application: probes for machines, figures for operators.</summary>
internal static class HealthEndpoints
{
    private const int StatementsShown = 20;

    internal static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = static _ => false, ResponseWriter = WriteStatusAsync });
        app.MapHealthChecks(
            "/health/ready", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("ready"), ResponseWriter = WriteStatusAsync });
        app.MapHealthChecks("/health", new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    private static Task WriteStatusAsync(HttpContext context, HealthReport report) =>
        context.Response.WriteAsJsonAsync(new { status = report.Status.ToString() }, Json.Options);

    private static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        if (!await SeesDetailsAsync(context))
        {
            await WriteStatusAsync(context, report);
            return;
        }

        await context.Response.WriteAsJsonAsync(
            new
            {
                status = report.Status.ToString(),
                durationMs = report.TotalDuration.TotalMilliseconds,
                process = ProcessFigures.Read(),
                statements = context.RequestServices.GetRequiredService<QueryMonitor>().Snapshot().Take(StatementsShown).Select(static s => new
                {
                    s.Statement,
                    s.Count,
                    s.Rows,
                    s.Errors,
                    s.Slow,
                    p50Ms = s.P50.TotalMilliseconds,
                    p95Ms = s.P95.TotalMilliseconds,
                    maxMs = s.Max.TotalMilliseconds,
                }),
                checks = report.Entries.ToDictionary(
                    static entry => entry.Key,
                    static entry => new { status = entry.Value.Status.ToString(), entry.Value.Description, entry.Value.Data }),
            },
            Json.Options);
    }

    private static async Task<bool> SeesDetailsAsync(HttpContext context)
    {
        var services = context.RequestServices;
        return string.Equals(services.GetRequiredService<IConfiguration>()["Health:Details"], "Everyone", StringComparison.OrdinalIgnoreCase)
            || (context.User.Identity is { IsAuthenticated: true }
                && await services.GetRequiredService<Operators>().IncludeAsync(Caller.Of(context.User), context.RequestAborted));
    }
}
