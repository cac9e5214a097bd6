using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Data;

namespace Messaging.Tests;

/// <summary>Keeps the commands of all requests with their parameters, but for streams. Put it in front of the application's pipeline.</summary>
internal sealed class QueryRecorder : IStartupFilter
{
    private readonly ConcurrentQueue<CapturedQuery> _queries = new();

    internal IReadOnlyList<CapturedQuery> Queries => [.. _queries];

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(RecordAsync);
        next(app);
    };

    private async Task RecordAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path == "/api/events")
        {
            await next(context);
            return;
        }

        // Only captured here; the judgement is that of the application's own scope.
        var monitor = context.RequestServices.GetRequiredService<QueryMonitor>();
        using var scope = monitor.BeginScope("recorder", new QueryBudget { Capture = true, MinRepeats = int.MaxValue });
        await next(context);
        foreach (var query in scope.Complete().Captured)
        {
            _queries.Enqueue(query);
        }
    }
}
