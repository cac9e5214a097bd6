using Resilience.Queues.Conformance;

namespace Resilience.Queues.Tests.Properties;

public sealed class InMemoryModelTests : DelayedQueueStoreModelConformance
{
    protected override int Runs => 2000;

    protected override Task<IStoreUnderTest> CreateAsync(DelayedQueueOptions options) => Task.FromResult<IStoreUnderTest>(new InMemoryStoreUnderTest(options));
}
