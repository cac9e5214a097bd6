using System.Security.Claims;

namespace Resilience.Sse;

/// <summary>
/// Says whether a caller may still be connected. Register one in the container, scoped or not; it is asked every
/// <see cref="SseManagerOptions.TokenRevalidationInterval"/> for every open stream, in a scope of its own.
/// </summary>
/// <remarks>
/// Called for several streams at the same time, and never on the path that writes to clients. A call that throws, answers <see cref="SseTokenStatus.Unknown"/> or takes longer than
/// <see cref="SseManagerOptions.TokenValidationTimeout"/> is a failure; several in a row end the stream.
/// </remarks>
public interface ISseTokenValidator
{
    /// <summary>Checks one connection's token.</summary>
    ValueTask<SseTokenStatus> ValidateAsync(SseTokenContext context, CancellationToken cancellationToken);
}

/// <summary>The connection whose token is checked. Immutable.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="User">The principal that the request was authenticated as.</param>
public sealed record SseTokenContext(SseConnectionInfo Connection, ClaimsPrincipal User);
