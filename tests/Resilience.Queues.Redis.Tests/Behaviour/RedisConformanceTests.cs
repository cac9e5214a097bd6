using Resilience.Queues.Conformance;

namespace Resilience.Queues.Redis.Tests.Behaviour;

public sealed class RedisConformanceTests : DelayedQueueConformance
{
    protected override Task<IStoreUnderTest> CreateAsync(DelayedQueueOptions options) => RedisStoreUnderTest.CreateAsync(options);
}
