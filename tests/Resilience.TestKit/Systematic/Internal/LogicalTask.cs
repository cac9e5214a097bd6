namespace Resilience.TestKit.Systematic.Internal;

/// <summary>
/// A task as the test sees it. It is a synchronization context of its own, so that a continuation names the task it belongs to when it becomes ready.
/// </summary>
internal sealed class LogicalTask(Engine engine, int epoch, int id, string name) : SynchronizationContext
{
    public int Id { get; } = id;

    public string Name { get; } = name;

    /// <summary>Which schedule the task belongs to: what a task of an earlier schedule posts is dropped.</summary>
    public int Epoch { get; } = epoch;

    /// <summary>Rank under PCT; the highest runs.</summary>
    public long Priority { get; set; }

    /// <summary>The body's outcome; <see langword="null"/> for timers.</summary>
    public Task? Body { get; set; }

    /// <summary>Where the task was last seen, for the report of a deadlock.</summary>
    public string LastPoint { get; set; } = "start";

    public override void Post(SendOrPostCallback d, object? state) => engine.Post(this, d, state);

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("Under the schedule explorer nothing may wait synchronously for another task.");

    public override SynchronizationContext CreateCopy() => this;
}
