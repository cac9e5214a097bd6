using Xunit;

namespace Resilience.TestKit;

/// <summary>The shared Redis server as a fixture of a test class (<c>IClassFixture&lt;RedisFixture&gt;</c>), with a key prefix of its own.</summary>
public sealed class RedisFixture : IAsyncLifetime
{
    /// <summary>The shared server; neither flush nor kill it.</summary>
    public RedisServer Server { get; private set; } = null!;

    /// <summary>A key prefix that no other class uses.</summary>
    public string Prefix { get; } = RedisServer.NewPrefix();

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => Server = await RedisServer.SharedAsync().ConfigureAwait(false);

    /// <summary>The server stays for the other classes.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
