namespace Resilience.Cleanup;

/// <summary>One step that did not succeed.</summary>
/// <param name="Step">The name given at registration, or the name of the resource's type or of the method.</param>
/// <param name="Exception">What the step threw; a <see cref="TimeoutException"/> when it was given up.</param>
/// <param name="TimedOut">Whether the step was still running when its time was over.</param>
public sealed record CleanupFailure(string Step, Exception Exception, bool TimedOut);
