namespace Resilience.Data;

/// <summary>What a guarded transaction did.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
/// <param name="Outcome">How it ended.</param>
/// <param name="Value">What the work returned; the default unless <see cref="Outcome"/> is <see cref="GuardOutcome.Applied"/>.</param>
/// <param name="Attempts">How often the work was started, from 1.</param>
/// <param name="Error">The database's error behind <see cref="GuardOutcome.Busy"/> and <see cref="GuardOutcome.CommitUnknown"/>, or null.</param>
public readonly record struct GuardResult<T>(GuardOutcome Outcome, T? Value, int Attempts, Exception? Error = null)
{
    /// <summary>Gets a value indicating whether the change was committed.</summary>
    public bool IsApplied => Outcome == GuardOutcome.Applied;
}
