using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Messaging.Accounts;

/// <summary>Signs a request in by its bearer token, or by the page's cookie.</summary>
internal sealed class SessionAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, Sessions sessions)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    internal const string SchemeName = "Session";

    private const string CookieName = "messaging-session";
    private const string Bearer = "Bearer ";
    private const int MaxTokenLength = 128;

    internal static void SetCookie(HttpContext context, string token, DateTime expiresAt) =>
        context.Response.Cookies.Append(CookieName, token, Cookie(context, expiresAt));

    internal static void RemoveCookie(HttpContext context) => context.Response.Cookies.Delete(CookieName, Cookie(context, null));

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Token() is not { Length: > 0 and <= MaxTokenLength } token)
        {
            return AuthenticateResult.NoResult();
        }

        if (await sessions.FindAsync(token, Context.RequestAborted) is not { } session)
        {
            return AuthenticateResult.NoResult();
        }

        var properties = new AuthenticationProperties { ExpiresUtc = DateTimeOffset.FromUnixTimeMilliseconds(session.ExpiresAt) };
        return AuthenticateResult.Success(new AuthenticationTicket(Caller.Principal(session, Scheme.Name), properties, Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = "Bearer";
        return Task.CompletedTask;
    }

    private static CookieOptions Cookie(HttpContext context, DateTime? expiresAt) => new()
    {
        HttpOnly = true,
        IsEssential = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
        Path = "/",
        Expires = expiresAt,
    };

    private string? Token() =>
        Request.Headers.Authorization is [{ } header] && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? header[Bearer.Length..].Trim()
            : Request.Cookies[CookieName];
}
