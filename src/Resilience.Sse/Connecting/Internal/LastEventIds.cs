using Microsoft.AspNetCore.Http;

namespace Resilience.Sse;

/// <summary>Where a client puts its position: the header on a reconnection, the query on a first connection, where a browser cannot set headers. Stateless.</summary>
internal static class LastEventIds
{
    private static readonly string[] QueryNames = ["lastEventId", "last_event_id"];

    public static string? Read(HttpRequest request)
    {
        var header = request.Headers["Last-Event-ID"];
        if (header.Count > 0 && !string.IsNullOrEmpty(header[0]))
        {
            return header[0];
        }

        return QueryNames.Select(name => Queries.First(request, name)).FirstOrDefault(static value => value is not null);
    }
}
