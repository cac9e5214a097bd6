using Microsoft.AspNetCore.Http.Metadata;
using Resilience.Data;

namespace Messaging.Operations;

/// <summary>
/// How many statements a request to a route may run; without it, <see cref="RequestQueries.MostStatements"/>. Repeats: how often the same one may run before it is a
/// finding; null is as the monitor has it.
/// </summary>
internal sealed record StatementBudget(int Most, int? Repeats = null);

/// <summary>
/// One scope of the query monitor for each request, named after its route: N+1 patterns, duplicates and an exceeded budget are logged with it. Streams have
/// none: they last for as long as somebody listens.
/// </summary>
internal sealed class RequestQueries(RequestDelegate next, QueryMonitor monitor)
{
    internal const int MostStatements = 20;

    private static readonly QueryBudget Usual = new() { MaxQueries = MostStatements };

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not RouteEndpoint endpoint || endpoint.Metadata.GetMetadata<IDisableHttpMetricsMetadata>() is not null)
        {
            await next(context);
            return;
        }

        var budget = endpoint.Metadata.GetMetadata<StatementBudget>() is { } own ? Usual with { MaxQueries = own.Most, MinRepeats = own.Repeats } : Usual;
        using var scope = monitor.BeginScope(endpoint.DisplayName ?? "request", budget);
        await next(context);
    }
}
