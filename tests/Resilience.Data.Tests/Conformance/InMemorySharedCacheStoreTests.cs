using Resilience.TestKit;

namespace Resilience.Data.Tests.Conformance;

public sealed class InMemorySharedCacheStoreTests : SharedCacheStoreConformance
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Fences_values_and_writes_end_with_their_time()
    {
        var store = await CreateAsync();
        var token = (await ReadAsync(store, "a")).Token!;
        await store.BeginWriteAsync([Key("b")], [], "died", default);
        (await WriteAsync(store, "a", token, [1])).ShouldBeTrue();

        await AdvanceAsync(TimeSpan.FromSeconds(10));
        (await ReadAsync(store, "b")).Token.ShouldNotBeNull("the writer died; its mark ends by itself");
        await AdvanceAsync(TimeSpan.FromSeconds(50));
        (await ReadAsync(store, "a")).Token.ShouldNotBe(token);
    }

    protected override ValueTask<ISharedCacheStore> CreateAsync() => ValueTask.FromResult<ISharedCacheStore>(new InMemorySharedCacheStore(_time));

    protected override ValueTask<ISharedCacheStore> CreateNodeAsync(ISharedCacheStore first) => ValueTask.FromResult(first);

    protected override ValueTask AdvanceAsync(TimeSpan time)
    {
        _time.Advance(time);
        return ValueTask.CompletedTask;
    }
}
