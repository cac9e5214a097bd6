using Resilience.TestKit;

namespace Resilience.Queues.Redis.Tests;

/// <summary>A server of a test class alone, so that its settings and counts are the class's own.</summary>
public sealed class PrivateRedis : IAsyncLifetime
{
    public RedisServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RedisServer.StartNewAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
