using Resilience.TestKit;

namespace Resilience.Data.Tests.Conformance;

/// <summary>What every shared level must do. Each implementation derives from this; keys and tags are unique to a test.</summary>
public abstract class SharedCacheStoreConformance
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static readonly string[] None = [];

    protected string Id { get; } = Guid.CreateVersion7().ToString("N");

    [Fact]
    public async Task A_value_is_stored_under_its_token_and_read_back_with_its_remaining_life()
    {
        var store = await CreateAsync();
        var miss = await ReadAsync(store, "a");
        miss.Payload.ShouldBeNull();
        miss.Token.ShouldNotBeNull();
        miss.TokenAge.ShouldBeNull("this read made it");

        (await WriteAsync(store, "a", miss.Token, [1, 2, 0, 255])).ShouldBeTrue();

        var hit = await ReadAsync(store, "a");
        hit.Payload.ShouldBe([1, 2, 0, 255]);
        hit.Remaining.ShouldBeInRange(TimeSpan.FromSeconds(1), Minute);
        hit.Token.ShouldBeNull();
    }

    [Fact]
    public async Task A_wrong_or_old_token_stores_nothing()
    {
        var store = await CreateAsync();
        (await WriteAsync(store, "a", "made-up", [1])).ShouldBeFalse("an absent fence equals nothing");
        var token = (await ReadAsync(store, "a")).Token!;
        (await WriteAsync(store, "b", token, [1])).ShouldBeFalse();

        await store.InvalidateAsync([Key("a")], None, null, default);

        (await WriteAsync(store, "a", token, [1])).ShouldBeFalse();
        var again = (await ReadAsync(store, "a")).Token!;
        again.ShouldNotBe(token);
        (await WriteAsync(store, "a", token, [1])).ShouldBeFalse("a new fence does not revive the old token");
        (await WriteAsync(store, "a", again, [2])).ShouldBeTrue();
    }

    [Fact]
    public async Task A_token_that_is_given_back_stores_nothing_and_nobody_waits_for_it()
    {
        var store = await CreateAsync();
        var token = (await ReadAsync(store, "a", "t")).Token!;

        await store.ReleaseAsync([new SharedToken(Key("a"), token), new SharedToken(Key("never read"), token)], default);

        (await WriteAsync(store, "a", token, [1], "t")).ShouldBeFalse();
        var next = await ReadAsync(store, "a", "t");
        next.TokenAge.ShouldBeNull("this read made its own");
        next.Token.ShouldNotBe(token);

        await store.ReleaseAsync([new SharedToken(Key("a"), token)], default);

        (await WriteAsync(store, "a", next.Token!, [2], "t")).ShouldBeTrue("only the token that is named is taken back");
        await store.ReleaseAsync([new SharedToken(Key("a"), next.Token!)], default);
        (await ReadAsync(store, "a")).Payload.ShouldBe([2], "an entry stays");
    }

    [Fact]
    public async Task A_second_reader_gets_the_same_token_and_its_age()
    {
        var store = await CreateAsync();
        var first = await ReadAsync(store, "a", "t");
        await AdvanceAsync(TimeSpan.FromMilliseconds(20));

        var second = await ReadAsync(store, "a", "t");

        second.Token.ShouldBe(first.Token);
        second.TokenAge.ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public async Task Invalidation_of_a_key_or_a_tag_removes_the_entry()
    {
        var store = await CreateAsync();
        foreach (var (keys, tags) in new[] { (new[] { Key("a") }, None), (None, new[] { Key("t2") }), (new[] { Key("a"), Key("x") }, new[] { Key("t1") }) })
        {
            var token = (await ReadAsync(store, "a", "t1", "t2")).Token!;
            (await WriteAsync(store, "a", token, [1], "t1", "t2")).ShouldBeTrue();
            (await ReadAsync(store, "a")).Payload.ShouldNotBeNull("the tags need not be named to read");

            await store.InvalidateAsync(keys, tags, null, default);

            (await ReadAsync(store, "a")).Payload.ShouldBeNull();
        }
    }

    [Fact]
    public async Task A_tag_that_was_invalidated_meanwhile_refuses_the_value()
    {
        var store = await CreateAsync();
        var token = (await ReadAsync(store, "a", "t")).Token!;

        await store.InvalidateAsync(None, [Key("t")], null, default);

        (await WriteAsync(store, "a", token, [1], "t")).ShouldBeFalse();
        var after = await ReadAsync(store, "a", "t");
        after.Token.ShouldNotBe(token);
        after.TokenAge.ShouldBeNull("nobody should wait for the load that is void");
    }

    [Fact]
    public async Task While_a_write_is_under_way_there_is_no_token_and_nothing_is_stored()
    {
        var store = await CreateAsync();
        var token = (await ReadAsync(store, "a", "t")).Token!;
        await store.BeginWriteAsync([], [Key("t")], "one", default);
        await store.BeginWriteAsync([Key("a")], [], "two", default);

        (await WriteAsync(store, "a", token, [1], "t")).ShouldBeFalse();
        (await ReadAsync(store, "a")).Token.ShouldBeNull();
        await store.InvalidateAsync([], [Key("t")], "one", default);
        (await ReadAsync(store, "a")).Token.ShouldBeNull("the other write is still under way");
        await store.InvalidateAsync([Key("a")], [], "two", default);

        var after = (await ReadAsync(store, "a", "t")).Token!;
        (await WriteAsync(store, "a", after, [1], "t")).ShouldBeTrue();
    }

    [Fact]
    public async Task Two_writes_on_one_key_end_apart()
    {
        var store = await CreateAsync();
        await store.BeginWriteAsync([Key("a")], [], "one", default);
        await store.BeginWriteAsync([Key("a")], [], "two", default);
        await store.InvalidateAsync([Key("a")], [], "two", default);
        await store.InvalidateAsync([Key("a")], [], null, default);

        (await ReadAsync(store, "a")).Token.ShouldBeNull();
        await store.InvalidateAsync([Key("a")], [], "one", default);

        (await ReadAsync(store, "a")).Token.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_write_removes_what_is_there_when_it_begins()
    {
        var store = await CreateAsync();
        var token = (await ReadAsync(store, "a", "t")).Token!;
        await WriteAsync(store, "a", token, [1], "t");

        await store.BeginWriteAsync([], [Key("t")], "w", default);

        (await ReadAsync(store, "a")).Payload.ShouldBeNull();
        await store.InvalidateAsync([], [Key("t")], "w", default);
    }

    [Fact]
    public async Task Many_keys_are_answered_in_order()
    {
        var store = await CreateAsync();
        var reads = Enumerable.Range(0, 300).Select(i => new SharedRead(Key($"k{i}"), i % 3 == 0 ? [Key("t")] : None)).ToArray();
        var tokens = (await store.ReadManyAsync(reads, default)).Select(static r => r.Token!).ToArray();
        tokens.Distinct().Count().ShouldBe(300);
        var writes = reads.Select((r, i) => new SharedWrite(r.Key, i % 2 == 0 ? tokens[i] : "bad", r.Tags, [(byte)i], Minute)).ToArray();

        var stored = await store.WriteManyAsync(writes, default);

        stored.ShouldBe(Enumerable.Range(0, 300).Select(static i => i % 2 == 0));
        var found = await store.ReadManyAsync(reads, default);
        found.Select(static r => r.Payload is not null).ShouldBe(stored);
        found.Where(static r => r.Payload is not null).Select(static r => r.Payload![0]).ShouldBe(Enumerable.Range(0, 300).Where(static i => i % 2 == 0).Select(static i => (byte)i));
        (await store.ReadManyAsync([], default)).ShouldBeEmpty();
        (await store.WriteManyAsync([], default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Keys_and_tags_of_any_text_do_not_mix()
    {
        var store = await CreateAsync();
        string[] texts = ["a", "a:b", "a:b:", "{a}", "a b", "a,b", "ä\u0001\n", "t", "v", "w", new string('x', 500)];
        foreach (var text in texts)
        {
            var token = (await ReadAsync(store, text, [.. texts])).Token!;
            (await WriteAsync(store, text, token, System.Text.Encoding.UTF8.GetBytes(text), [.. texts])).ShouldBeTrue();
        }

        foreach (var text in texts)
        {
            (await ReadAsync(store, text)).Payload.ShouldBe(System.Text.Encoding.UTF8.GetBytes(text));
        }
    }

    [Fact]
    public async Task Other_nodes_hear_of_invalidations_and_begun_writes()
    {
        var store = await CreateAsync();
        var other = await CreateNodeAsync(store);
        var heard = new List<string>();
        using (other.Subscribe(message =>
        {
            lock (heard)
            {
                heard.AddRange(message.Keys.Concat(message.Tags).Select(text => text[Id.Length..]));
            }
        }))
        {
            // A subscription may take a moment to be in place.
            await Watchdog.UntilAsync(async () =>
            {
                await store.InvalidateAsync([Key("probe")], None, null, default);
                lock (heard)
                {
                    return heard.Contains("probe");
                }
            });
            await store.InvalidateAsync([Key("a"), Key("ä b")], [Key("t")], null, default);
            await store.BeginWriteAsync([Key("w")], None, "w", default);

            await Watchdog.UntilAsync(() =>
            {
                lock (heard)
                {
                    return heard.Contains("a") && heard.Contains("ä b") && heard.Contains("t") && heard.Contains("w");
                }
            });
        }
    }

    protected abstract ValueTask<ISharedCacheStore> CreateAsync();

    /// <summary>A second node on the same data.</summary>
    protected abstract ValueTask<ISharedCacheStore> CreateNodeAsync(ISharedCacheStore first);

    protected abstract ValueTask AdvanceAsync(TimeSpan time);

    protected string Key(string key) => Id + key;

    protected async Task<SharedResult> ReadAsync(ISharedCacheStore store, string key, params string[] tags)
    {
        ArgumentNullException.ThrowIfNull(store);
        return (await store.ReadManyAsync([new SharedRead(Key(key), [.. tags.Select(Key)])], default)).ShouldHaveSingleItem();
    }

    protected async Task<bool> WriteAsync(ISharedCacheStore store, string key, string? token, byte[] payload, params string[] tags)
    {
        ArgumentNullException.ThrowIfNull(store);
        return (await store.WriteManyAsync([new SharedWrite(Key(key), token!, [.. tags.Select(Key)], payload, Minute)], default)).ShouldHaveSingleItem();
    }
}
