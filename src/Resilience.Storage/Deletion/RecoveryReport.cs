namespace Resilience.Storage;

/// <summary>What one recovery did.</summary>
/// <param name="Claimed">Deletions of dead processes that were taken over.</param>
/// <param name="Completed">Those whose file is gone now.</param>
/// <param name="Restored">Those whose record is back, because the file could not be deleted.</param>
/// <param name="Stuck">Those that need an operator.</param>
/// <param name="Interrupted">Requests that a dead process had not begun; they are marked so in the audit trail.</param>
public readonly record struct RecoveryReport(int Claimed, int Completed, int Restored, int Stuck, int Interrupted);
