using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace Resilience.Sse;

/// <summary>Who the request was authenticated as. Stateless.</summary>
internal static class Callers
{
    private static readonly ClaimsPrincipal Anonymous = new();

    /// <summary>Asking the request itself would make a principal for every anonymous caller and keep it as long as the stream.</summary>
    public static ClaimsPrincipal User(HttpContext http) => http.Features.Get<IHttpAuthenticationFeature>()?.User ?? Anonymous;
}
