using Resilience.Queues.Conformance;

namespace Resilience.Queues.Redis.Tests.Properties;

public sealed class RedisModelTests : DelayedQueueStoreModelConformance
{
    protected override int Runs => 300;

    protected override Task<IStoreUnderTest> CreateAsync(DelayedQueueOptions options) => RedisStoreUnderTest.CreateAsync(options);
}
