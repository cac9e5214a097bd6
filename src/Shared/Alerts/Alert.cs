namespace Resilience.Shared;

/// <summary>What an update did to an <see cref="Alert"/>.</summary>
internal enum AlertChange
{
    None,
    Raised,
    Cleared,
}

/// <summary>
/// A level with hysteresis: raised when a value reaches the upper mark, cleared when it falls below the lower one, so that a value that hovers around one mark
/// does not flood the log. Thread-safe: each transition is reported to exactly one caller.
/// </summary>
internal sealed class Alert(string name, double raiseAt, double clearBelow)
{
    private int _active;

    public string Name { get; } = name;

    public double RaiseAt { get; } = raiseAt;

    public double ClearBelow { get; } = clearBelow;

    public bool IsActive => Volatile.Read(ref _active) == 1;

    /// <summary>Takes a new value. The caller that gets a change logs it, sets the metric and calls the application's callback.</summary>
    public AlertChange Update(double value)
    {
        if (value >= RaiseAt)
        {
            return Raise();
        }

        return value < ClearBelow ? Clear() : AlertChange.None;
    }

    /// <summary>Raises the alert whatever the value, for conditions that are events and not levels.</summary>
    public AlertChange Raise() => Interlocked.Exchange(ref _active, 1) == 0 ? AlertChange.Raised : AlertChange.None;

    /// <summary>Clears the alert whatever the value.</summary>
    public AlertChange Clear() => Interlocked.Exchange(ref _active, 0) == 1 ? AlertChange.Cleared : AlertChange.None;
}
