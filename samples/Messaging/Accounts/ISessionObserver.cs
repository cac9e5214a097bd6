namespace Messaging.Accounts;

/// <summary>Learns at once that a session was signed out; what it does must be idempotent, as the session is gone already.</summary>
internal interface ISessionObserver
{
    ValueTask SignedOutAsync(long sessionId, CancellationToken cancellationToken);
}
