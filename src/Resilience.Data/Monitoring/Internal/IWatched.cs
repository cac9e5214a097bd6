namespace Resilience.Data;

/// <summary>A command or a batch that <see cref="Watching"/> runs.</summary>
internal interface IWatched
{
    QueryMonitor Monitor { get; }

    /// <summary>The system to report the duration for, or null when the provider does so itself or is not known.</summary>
    string? Reported { get; }

    /// <summary>Counts the run in the scope and its parents.</summary>
    QueryShape? Count(QueryScope? scope, long start, long executed, Exception? error);
}
