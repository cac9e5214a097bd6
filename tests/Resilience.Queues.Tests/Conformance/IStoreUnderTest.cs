using Resilience.TestKit;

namespace Resilience.Queues.Conformance;

/// <summary>A store with a clock that the test moves.</summary>
public interface IStoreUnderTest : IAsyncDisposable
{
    IDelayedQueueStore<string> Store { get; }

    /// <summary>The clock of the process, for the queue in front of the store; moved together with the store's own.</summary>
    ManualTimeProvider Time { get; }

    /// <summary>Moves the clock of the store and of the process.</summary>
    Task AdvanceAsync(TimeSpan time);

    /// <summary>Makes the store forget what it may forget: scripts of a server.</summary>
    Task DisturbAsync();
}
