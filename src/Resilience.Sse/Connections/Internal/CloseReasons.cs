namespace Resilience.Sse;

/// <summary>What a reason is called in telemetry and what the client is told. Stateless.</summary>
internal static class CloseReasons
{
    private static readonly string[] Names =
    [
        "none", "client_closed", "stale", "slow_consumer", "send_failed", "timeout", "token_expired", "token_revoked", "token_unverified", "producer_failed",
        "completed", "shutdown", "requested", "refused", "faulted",
    ];

    public static string Name(SseCloseReason reason) => Names[(int)reason];

    /// <summary>Whether the stream ended by a fault, for the ratio that the alert watches.</summary>
    public static bool IsError(SseCloseReason reason) => reason is SseCloseReason.Stale or SseCloseReason.SlowConsumer or SseCloseReason.SendFailed
        or SseCloseReason.TokenUnverified or SseCloseReason.ProducerFailed or SseCloseReason.Faulted;

    /// <summary>Text and code of <c>event: error</c>; null for reasons that the client is told by <c>event: close</c>.</summary>
    public static (string Error, string Code)? Error(SseCloseReason reason) => reason switch
    {
        SseCloseReason.Timeout => ("Connection timeout", "TIMEOUT"),
        SseCloseReason.TokenExpired => ("Token expired", "TOKEN_EXPIRED"),
        SseCloseReason.TokenRevoked => ("Token revoked", "TOKEN_REVOKED"),
        SseCloseReason.TokenUnverified => ("Token could not be verified", "TOKEN_UNVERIFIED"),
        SseCloseReason.ProducerFailed => ("Producer failed", "PRODUCER_FAILED"),
        SseCloseReason.SlowConsumer => ("Client too slow", "SLOW_CONSUMER"),
        _ => null,
    };

    /// <summary>Whether the stream's end is told to the client at all: there is nobody to tell when sending is what failed.</summary>
    public static bool IsTold(SseCloseReason reason) =>
        reason is not (SseCloseReason.ClientClosed or SseCloseReason.Stale or SseCloseReason.SendFailed or SseCloseReason.Faulted or SseCloseReason.Refused);
}
