using Messaging.Operations;

namespace Messaging.Http;

/// <summary>What every route shares: problem details, limits, headers.</summary>
internal static class HttpServiceExtensions
{
    /// <summary>Larger than the largest JSON that is allowed; routes that take files raise it for themselves.</summary>
    private const long MaxBodyBytes = 64 * 1024;

    internal static WebApplicationBuilder AddHttpBasics(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(static o =>
        {
            o.AddServerHeader = false;
            o.Limits.MaxRequestBodySize = MaxBodyBytes;
        });
        builder.Services.AddProblemDetails();
        builder.Services.AddOpenApi();
        builder.Services.Configure<RouteHandlerOptions>(static o => o.ThrowOnBadRequest = true);
        return builder;
    }

    internal static WebApplication UseHttpBasics(this WebApplication app)
    {
        app.UseMiddleware<SecurityHeaders>();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseMiddleware<BadRequests>();
        app.UseMiddleware<CrossSiteProtection>();
        app.UseDefaultFiles();
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = static file => file.Context.Response.Headers.CacheControl = "no-cache" });
        app.UseMiddleware<RequestQueries>();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseRateLimiter();
        app.MapOpenApi();
        return app;
    }
}
