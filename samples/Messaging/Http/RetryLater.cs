using System.Globalization;

namespace Messaging.Http;

/// <summary>A refusal with <c>Retry-After</c>, in whole seconds, at least one.</summary>
internal sealed class RetryLater(IResult refusal, TimeSpan after) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var seconds = Math.Max(1, (long)Math.Ceiling(after.TotalSeconds));
        httpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return refusal.ExecuteAsync(httpContext);
    }
}
