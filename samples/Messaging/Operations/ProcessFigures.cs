namespace Messaging.Operations;

/// <summary>The memory and the threads of this process.</summary>
internal sealed record ProcessFigures(long WorkingSetBytes, long HeapBytes, int Threads, long PendingWorkItems)
{
    internal static ProcessFigures Read() =>
        new(Environment.WorkingSet, GC.GetTotalMemory(forceFullCollection: false), ThreadPool.ThreadCount, ThreadPool.PendingWorkItemCount);
}
