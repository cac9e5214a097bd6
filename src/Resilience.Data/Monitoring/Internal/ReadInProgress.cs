namespace Resilience.Data;

/// <summary>What has to be counted when a reader is closed.</summary>
internal readonly record struct ReadInProgress(QueryMonitor Monitor, QueryShape? Shape, QueryScope? Scope, long Start, long Executed, string? System)
{
    public void Finish(long rows, Exception? error) => Monitor.Finished(Shape, Scope, Start, Executed, Monitor.Time.GetTimestamp(), rows, error, System);
}
