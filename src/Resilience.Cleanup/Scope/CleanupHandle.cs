namespace Resilience.Cleanup;

/// <summary>
/// One registration. Of releasing, running early and closing the scope exactly one wins. Thread-safe; a copy is the same registration; the default value does nothing.
/// </summary>
public readonly struct CleanupHandle : IEquatable<CleanupHandle>
{
    private readonly ScopeCore? _core;
    private readonly long _id;

    internal CleanupHandle(ScopeCore core, long id)
    {
        _core = core;
        _id = id;
    }

    /// <summary>Takes the step out of the scope: the caller owns the resource again.</summary>
    /// <returns>False when the step was released, run, or when closing has begun.</returns>
    public bool Release() => _core is not null && _core.TryTake(_id, run: false, out _);

    /// <summary>
    /// Runs the step now and takes it out of the scope. A failure is not thrown: it is counted in the scope's report. A close that begins meanwhile waits for it.
    /// </summary>
    /// <returns>True when this call ran the step; false when it was released, run, or when closing has begun.</returns>
    public ValueTask<bool> RunNowAsync() => _core is null ? new ValueTask<bool>(false) : _core.RunNowAsync(_id);

    /// <inheritdoc />
    public bool Equals(CleanupHandle other) => ReferenceEquals(_core, other._core) && _id == other._id;

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is CleanupHandle other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(_core, _id);

    /// <summary>Whether both are the same registration.</summary>
    public static bool operator ==(CleanupHandle left, CleanupHandle right) => left.Equals(right);

    /// <summary>Whether they are different registrations.</summary>
    public static bool operator !=(CleanupHandle left, CleanupHandle right) => !left.Equals(right);
}
