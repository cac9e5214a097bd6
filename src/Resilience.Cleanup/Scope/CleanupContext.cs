namespace Resilience.Cleanup;

/// <summary>What an asynchronous step is told. Belongs to one step; do not keep it.</summary>
public readonly struct CleanupContext
{
    private readonly StepToken _token;

    internal CleanupContext(CleanupReason reason, StepToken token)
    {
        Reason = reason;
        _token = token;
    }

    /// <summary>Why the scope is closed; <see cref="CleanupReason.Unspecified"/> for a step that is run early.</summary>
    public CleanupReason Reason { get; }

    /// <summary>
    /// Cancelled when the step's own time is over, and for no other reason: the token that ended the connection is not linked, so that a step never starts cancelled.
    /// </summary>
    public CancellationToken CancellationToken => _token.Get();
}
