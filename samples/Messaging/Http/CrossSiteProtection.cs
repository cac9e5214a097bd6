namespace Messaging.Http;

/// <summary>
/// Refuses requests that change state and that another site made the browser send. Browsers say where a request comes from in
/// <c>Sec-Fetch-Site</c>, older ones in <c>Origin</c>; a client that sends neither is no browser and carries no cookie by itself.
/// </summary>
internal sealed class CrossSiteProtection(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (IsSafe(context.Request.Method) || IsSameOrigin(context.Request))
        {
            await next(context);
            return;
        }

        await Problems.Forbidden("Requests from another site cannot change anything here.").ExecuteAsync(context);
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static bool IsSameOrigin(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"] is [{ Length: > 0 } site])
        {
            return site is "same-origin" or "none";
        }

        // The scheme is left out: behind a proxy that ends TLS it differs while the host does not.
        return request.Headers.Origin is not [{ Length: > 0 } origin]
            || (Uri.TryCreate(origin, UriKind.Absolute, out var from)
                && string.Equals(from.Authority, Authority(request.Host, from), StringComparison.OrdinalIgnoreCase));
    }

    private static string Authority(HostString host, Uri from) =>
        host.Port is { } port && !IsDefaultPort(port, from) ? $"{host.Host}:{port}" : host.Host;

    private static bool IsDefaultPort(int port, Uri from) => from.IsDefaultPort && port == from.Port;
}
