using Messaging.Accounts;
using Messaging.Http;
using Resilience.Sse;

namespace Messaging.Realtime;

/// <summary>Ends the streams of a session that was signed out: at once, and by revalidation where that did not arrive.</summary>
internal sealed class SessionStreams(ISseManager manager, Sessions sessions, TimeProvider time) : ISessionObserver, ISseTokenValidator
{
    internal static string Tag(long sessionId) => $"session:{Ids.Format(sessionId)}";

    public async ValueTask SignedOutAsync(long sessionId, CancellationToken cancellationToken) =>
        await manager.RevokeAsync(SseTarget.Tag(Tag(sessionId)), cancellationToken);

    public async ValueTask<SseTokenStatus> ValidateAsync(SseTokenContext context, CancellationToken cancellationToken)
    {
        var expiresAt = await sessions.ExpiryAsync(Caller.Of(context.User).SessionId, cancellationToken);
        return expiresAt switch
        {
            null => SseTokenStatus.Revoked,
            { } end when end <= time.NowForStore() => SseTokenStatus.Expired,
            _ => SseTokenStatus.Valid,
        };
    }
}
