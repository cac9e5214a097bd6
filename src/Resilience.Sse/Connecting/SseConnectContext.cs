using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Resilience.Sse;

/// <summary>A client that wants a stream. Valid until the handler has returned; not thread-safe. Can be made in tests from a <see cref="DefaultHttpContext"/>.</summary>
public sealed class SseConnectContext
{
    private readonly SseConnection? _connection;
    private readonly List<string> _tags = [];

    /// <summary>A context for tests.</summary>
    public SseConnectContext(HttpContext httpContext)
        : this(httpContext, null)
    {
    }

    internal SseConnectContext(HttpContext httpContext, SseConnection? connection)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        HttpContext = httpContext;
        _connection = connection;
    }

    /// <summary>The request. It must not be kept: the server uses the object again for another request.</summary>
    public HttpContext HttpContext { get; }

    /// <summary>The connection's id; empty in tests.</summary>
    public Guid ConnectionId => _connection?.Id ?? Guid.Empty;

    /// <summary>Who is calling.</summary>
    public ClaimsPrincipal User => HttpContext.User;

    /// <summary>The remote address; null where the server has none.</summary>
    public IPAddress? RemoteAddress => HttpContext.Connection.RemoteIpAddress;

    /// <summary>The position that the client sent, header or query; untrusted, null when it sent none.</summary>
    public string? LastEventId => LastEventIds.Read(HttpContext.Request);

    /// <summary>The tags given so far.</summary>
    public IReadOnlyList<string> Tags => _tags;

    /// <summary>A value of the query string; null when it is not there, several joined by commas.</summary>
    public string? Query(string name) => Queries.All(HttpContext.Request, name);

    /// <summary>A value of the route; null when it is not there.</summary>
    public string? Route(string name) => HttpContext.Request.RouteValues.TryGetValue(name, out var value) ? value?.ToString() : null;

    /// <summary>
    /// Marks the connection, at once, for <see cref="SseTarget.Tag"/>. Tag before you check: what ends between the check and the stream is then not missed.
    /// </summary>
    public void Tag(string tag)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        _tags.Add(tag);
        _connection?.Tag(tag);
    }
}
