using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Resilience.Sse;

/// <summary>Reads the query string without the collection that the request would make of it and keep as long as the stream. Stateless.</summary>
internal static class Queries
{
    /// <summary>The first value of that name that is not empty, or null.</summary>
    public static string? First(HttpRequest request, string name)
    {
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            if (pair.EncodedValue.Length > 0 && Is(pair, name))
            {
                return pair.DecodeValue().ToString();
            }
        }

        return null;
    }

    /// <summary>All values of that name, joined by commas; null when it is not there.</summary>
    public static string? All(HttpRequest request, string name)
    {
        string? all = null;
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            if (Is(pair, name))
            {
                var value = pair.DecodeValue().ToString();
                all = all is null ? value : $"{all},{value}";
            }
        }

        return all;
    }

    private static bool Is(in QueryStringEnumerable.EncodedNameValuePair pair, string name) =>
        pair.DecodeName().Span.Equals(name, StringComparison.OrdinalIgnoreCase);
}
