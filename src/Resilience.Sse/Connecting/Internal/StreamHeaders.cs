using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.OutputCaching;

namespace Resilience.Sse;

/// <summary>What a response needs to be an event stream, also behind proxies that would collect, change or compress it. Stateless.</summary>
internal static class StreamHeaders
{
    public static void Set(HttpContext http)
    {
        var response = http.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache, no-store, no-transform";
        response.Headers.ContentEncoding = "identity";
        response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        http.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        if (http.Features.Get<IHttpMetricsTagsFeature>() is { } metrics)
        {
            metrics.MetricsDisabled = true;
        }

        if (http.Features.Get<IOutputCacheFeature>() is { } cache)
        {
            // It would keep a copy of every stream, up to its limit for a response.
            cache.Context.AllowCacheStorage = false;
        }
    }
}
