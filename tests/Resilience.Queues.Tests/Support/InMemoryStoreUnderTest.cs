using Resilience.Queues.Conformance;
using Resilience.TestKit;

namespace Resilience.Queues.Tests;

internal sealed class InMemoryStoreUnderTest : IStoreUnderTest
{
    private readonly ManualTimeProvider _time = new();

    public InMemoryStoreUnderTest(DelayedQueueOptions options)
    {
        Store = new InMemoryQueueStore<string>(new DelayedQueueContext("test", options, _time));
    }

    public IDelayedQueueStore<string> Store { get; }

    public ManualTimeProvider Time => _time;

    public Task AdvanceAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    public Task DisturbAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
