using Resilience.Data.Redis.Tests.Support;
using Resilience.Data.Tests.Conformance;
using Resilience.TestKit;

namespace Resilience.Data.Redis.Tests.Conformance;

public sealed class RedisSharedCacheStoreTests : RedisConformance
{
    protected override int Groups => 1;
}

/// <summary>Keys in several groups, as on a cluster.</summary>
public sealed class GroupedRedisSharedCacheStoreTests : RedisConformance
{
    protected override int Groups => 7;
}

public abstract class RedisConformance : SharedCacheStoreConformance, IAsyncLifetime
{
    private readonly List<RedisNode> _nodes = [];
    private readonly string _prefix = RedisServer.NewPrefix();
    private RedisServer _server = null!;

    protected abstract int Groups { get; }

    public async ValueTask InitializeAsync() => _server = await RedisServer.SharedAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected override ValueTask<ISharedCacheStore> CreateAsync()
    {
        var node = new RedisNode(_server, _prefix, groups: Groups);
        _nodes.Add(node);
        return ValueTask.FromResult(node.Store);
    }

    protected override ValueTask<ISharedCacheStore> CreateNodeAsync(ISharedCacheStore first) => CreateAsync();

    protected override async ValueTask AdvanceAsync(TimeSpan time)
    {
        // Redis has its own clock: wait until it has gone on.
        var start = await NowAsync();
        await Watchdog.UntilAsync(async () => await NowAsync() - start >= time.TotalMilliseconds);
    }

    private async ValueTask<double> NowAsync()
    {
        var time = (object[])(await _server.ExecuteAsync("TIME"))!;
        return (Parse(time[0]) * 1_000) + (Parse(time[1]) / 1_000);

        static double Parse(object value) => double.Parse(value is byte[] bytes ? System.Text.Encoding.UTF8.GetString(bytes) : value.ToString()!, System.Globalization.CultureInfo.InvariantCulture);
    }
}
