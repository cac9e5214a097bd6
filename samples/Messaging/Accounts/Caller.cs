using System.Globalization;
using System.Security.Claims;
using Messaging.Http;

namespace Messaging.Accounts;

/// <summary>Who calls, read from the principal that the session made.</summary>
internal readonly record struct Caller(long UserId, string Name, long SessionId, long ExpiresAt)
{
    internal const string SessionClaim = "session";
    internal const string ExpiresClaim = "expires";

    internal UserShape ToShape() => new(Ids.Format(UserId), Name);

    internal static Caller Of(ClaimsPrincipal user) => new(
        Number(user, ClaimTypes.NameIdentifier), user.FindFirstValue(ClaimTypes.Name)!, Number(user, SessionClaim), Number(user, ExpiresClaim));

    internal static ClaimsPrincipal Principal(Session session, string scheme) => new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.NameIdentifier, Ids.Format(session.UserId)),
            new Claim(ClaimTypes.Name, session.UserName),
            new Claim(SessionClaim, Ids.Format(session.Id)),
            new Claim(ExpiresClaim, Ids.Format(session.ExpiresAt)),
        ],
        scheme));

    private static long Number(ClaimsPrincipal user, string claim) => long.Parse(user.FindFirstValue(claim)!, CultureInfo.InvariantCulture);
}
