using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Resilience.Sse;

/// <summary>Answers a client that gets no stream. Stateless.</summary>
internal static class Refusal
{
    public static Task WriteAsync(HttpContext http, SseNode node, string reason, long retryAfterMs)
    {
        node.CountRejected(reason);
        return reason switch
        {
            RejectReasons.Draining or RejectReasons.ConnectTimeout =>
                RejectAsync(http, StatusCodes.Status503ServiceUnavailable, "The server takes no streams now.", reason, retryAfterMs),
            RejectReasons.Handler => RejectAsync(http, StatusCodes.Status403Forbidden, "The connection was closed.", reason, null),
            _ when node.Options.LimitResponse == SseLimitResponse.AcceptAndClose => CloseAtOnceAsync(http, node, retryAfterMs),
            _ => RejectAsync(http, StatusCodes.Status429TooManyRequests, "Too many connections.", reason, retryAfterMs),
        };
    }

    private static async Task RejectAsync(HttpContext http, int status, string title, string reason, long? retryAfterMs)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/problem+json";
        if (retryAfterMs is { } wait)
        {
            http.Response.Headers.RetryAfter = Math.Max(1, (wait + 999) / 1000).ToString(CultureInfo.InvariantCulture);
        }

        http.Response.Headers.CacheControl = "no-store";
        var body = Encoding.UTF8.GetBytes($$"""{"title":"{{title}}","status":{{status}},"reason":"{{reason}}"}""");
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted).ConfigureAwait(Systematic.KeepContext);
    }

    private static async Task CloseAtOnceAsync(HttpContext http, SseNode node, long retryAfterMs)
    {
        StreamHeaders.Set(http);
        var retry = (int)Math.Min(int.MaxValue, Math.Max(retryAfterMs, node.ReconnectHint()));
        byte[] body =
        [
            .. ":\n"u8,
            .. SseEncoder.Encode(null, retry, node.Options.ErrorEventName, WireEvents.Error("Too many connections", "LIMIT")),
        ];
        await http.Response.Body.WriteAsync(body, http.RequestAborted).ConfigureAwait(Systematic.KeepContext);
    }
}
