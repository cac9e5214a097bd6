namespace Resilience.Cleanup;

/// <summary>Why a scope is closed. Passed to asynchronous steps and kept in the report.</summary>
public enum CleanupReason
{
    /// <summary>No reason was given.</summary>
    Unspecified,

    /// <summary>The other side ended the connection in order.</summary>
    ClientClosed,

    /// <summary>The connection broke.</summary>
    TransportError,

    /// <summary>A lifetime or an idle limit was reached.</summary>
    Timeout,

    /// <summary>The process or the server is going down.</summary>
    ServerShutdown,

    /// <summary>An operator or a rule ended it.</summary>
    Kicked,

    /// <summary>The application's own code failed.</summary>
    Faulted,
}
