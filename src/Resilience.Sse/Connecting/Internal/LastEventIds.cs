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

        if (!request.QueryString.HasValue)
        {
            return null;
        }

        foreach (var name in QueryNames)
        {
            if (request.Query.TryGetValue(name, out var values) && !string.IsNullOrEmpty(values[0]))
            {
                return values[0];
            }
        }

        return null;
    }
}
