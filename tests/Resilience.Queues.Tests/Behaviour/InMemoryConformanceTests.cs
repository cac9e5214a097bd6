using Resilience.Queues.Conformance;

namespace Resilience.Queues.Tests.Behaviour;

public sealed class InMemoryConformanceTests : DelayedQueueConformance
{
    protected override Task<IStoreUnderTest> CreateAsync(DelayedQueueOptions options) => Task.FromResult<IStoreUnderTest>(new InMemoryStoreUnderTest(options));
}
