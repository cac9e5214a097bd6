namespace Resilience.TestKit.Systematic.Internal;

/// <summary>Unwinds a strand that goes on hitting interleaving points long after its schedule ended.</summary>
internal sealed class ScheduleAbandonedException() : Exception("The schedule is over.");
