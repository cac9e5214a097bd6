namespace Resilience.Sse.Tests.Stress;

/// <summary>How a connection ends.</summary>
public enum EndWay
{
    /// <summary>The client closes after an event.</summary>
    Close,

    /// <summary>The client resets the open stream.</summary>
    Reset,

    /// <summary>The client resets before it has read a byte, perhaps before the handler runs.</summary>
    ResetUnread,

    /// <summary>The client shuts its sending side down.</summary>
    HalfClose,

    /// <summary>The handler throws.</summary>
    HandlerThrows,

    /// <summary>The producer throws three times in a row.</summary>
    ProducerThrows,

    /// <summary>The lifetime is over.</summary>
    Timeout,

    /// <summary>The validator finds the token expired.</summary>
    TokenExpiry,

    /// <summary>The key has its connections already.</summary>
    Limit,

    /// <summary>The handler refuses.</summary>
    Refusal,

    /// <summary>The application closes the stream.</summary>
    Kicked,

    /// <summary>The host stops.</summary>
    Shutdown,
}
