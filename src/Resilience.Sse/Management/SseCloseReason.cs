namespace Resilience.Sse;

/// <summary>Why a stream ended.</summary>
public enum SseCloseReason
{
    /// <summary>It has not ended.</summary>
    None,

    /// <summary>The client went away.</summary>
    ClientClosed,

    /// <summary>No sign of life for <see cref="SseManagerOptions.StaleTimeout"/>: the peer vanished or reads nothing.</summary>
    Stale,

    /// <summary>The client fell behind the retained events and the policy is to disconnect.</summary>
    SlowConsumer,

    /// <summary>Sending failed several times in a row.</summary>
    SendFailed,

    /// <summary>The stream reached its maximum lifetime.</summary>
    Timeout,

    /// <summary>The caller's token has expired.</summary>
    TokenExpired,

    /// <summary>The caller's token was revoked.</summary>
    TokenRevoked,

    /// <summary>The token could not be verified several times in a row.</summary>
    TokenUnverified,

    /// <summary>The producer of the stream failed several times in a row.</summary>
    ProducerFailed,

    /// <summary>The producer of the stream came to its end.</summary>
    Completed,

    /// <summary>The server is shutting down.</summary>
    Shutdown,

    /// <summary>The application closed it.</summary>
    Requested,

    /// <summary>The handler refused the connection.</summary>
    Refused,

    /// <summary>An exception in the application's code or in the package.</summary>
    Faulted,
}
