using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Sse;

/// <summary>
/// A stream as the result of a handler: from <c>MapSse</c>, where it runs after the handler's scope is gone, or from <c>MapGet</c> and controllers, where it takes
/// its slot when it is executed. Not thread-safe; one result is for one request.
/// </summary>
public abstract class SseResult : IResult, IStatusCodeHttpResult, IContentTypeHttpResult
{
    private List<string>? _tags;

    private protected SseResult()
    {
    }

    /// <summary>Always 200.</summary>
    public int? StatusCode => StatusCodes.Status200OK;

    /// <summary>Always <c>text/event-stream</c>.</summary>
    public string? ContentType => "text/event-stream";

    /// <summary>The marks that <see cref="SseTarget.Tag"/> finds.</summary>
    public IReadOnlyList<string> Tags => _tags ?? (IReadOnlyList<string>)[];

    /// <summary>Runs the stream to its end; refuses when there is no slot.</summary>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var connector = httpContext.RequestServices.GetService<SseConnector>()
            ?? throw new InvalidOperationException("The SSE manager is not registered; call services.AddSseManager().");
        return connector.ExecuteAsync(httpContext, this);
    }

    internal abstract SseSource CreateSource(SseNode node, SseConnection connection, IServiceProvider services);

    private protected void AddTag(string tag)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        (_tags ??= []).Add(tag);
    }
}
