using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Resilience.Shared;
using StackExchange.Redis;

namespace Resilience.Data.Redis;

/// <summary>
/// The shared level on Redis. Records of format 1, each under the hash tag of its group: v (entry and its tags' tokens), f (fence), m (writes on a key), t (tag
/// token), n (writes on a tag). Thread-safe.
/// </summary>
internal sealed partial class RedisSharedCacheStore(
    RedisConnection connection, RedisCacheOptions options, FencedCacheOptions cache, TimeProvider time, ILogger logger) : ISharedCacheStore, IDisposable
{
    private readonly string _self = NewToken();
    private readonly RedisKey[] _groups = [.. Enumerable.Range(0, options.SlotGroups).Select(g => (RedisKey)string.Create(CultureInfo.InvariantCulture, $"{{{options.KeyPrefix}:1:{g}}}"))];
    private readonly string _channel = $"{options.KeyPrefix}:1:invalidations";

    public async ValueTask<IReadOnlyList<SharedResult>> ReadManyAsync(IReadOnlyList<SharedRead> reads, CancellationToken cancellationToken)
    {
        var results = new SharedResult[reads.Count];
        await EachGroupAsync(reads, static r => r.Key, Script.Read, [Milliseconds(cache.FenceTtl), Milliseconds(cache.Ttl * 2)], AddRead, (i, answer) => results[i] = Result((RedisResult[])answer!))
            .ConfigureAwait(Systematic.KeepContext);
        return results;
    }

    public async ValueTask<IReadOnlyList<bool>> WriteManyAsync(IReadOnlyList<SharedWrite> writes, CancellationToken cancellationToken)
    {
        var results = new bool[writes.Count];
        await EachGroupAsync(writes, static w => w.Key, Script.Write, [], AddWrite, (i, answer) => results[i] = (long)answer == 1).ConfigureAwait(Systematic.KeepContext);
        return results;
    }

    public ValueTask BeginWriteAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, string writer, CancellationToken cancellationToken) =>
        InvalidateAsync("begin", keys, tags, writer);

    public ValueTask InvalidateAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, string? writer, CancellationToken cancellationToken) =>
        InvalidateAsync(writer is null ? "" : "end", keys, tags, writer ?? "");

    public async ValueTask ReleaseAsync(IReadOnlyList<SharedToken> tokens, CancellationToken cancellationToken) =>
        await EachGroupAsync(tokens, static t => t.Key, Script.Release, [], AddToken, static (_, _) => { }).ConfigureAwait(Systematic.KeepContext);

    private static string NewToken() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    private static RedisValue Milliseconds(TimeSpan duration) => (long)Math.Max(1, duration.TotalMilliseconds);

    private static void AddRead(List<RedisValue> arguments, SharedRead read)
    {
        arguments.Add(read.Key);
        arguments.Add(NewToken());
        arguments.Add(read.Tags.Count);
        foreach (var tag in read.Tags)
        {
            arguments.Add(tag);
            arguments.Add(NewToken());
        }
    }

    private static void AddWrite(List<RedisValue> arguments, SharedWrite write)
    {
        arguments.Add(write.Key);
        arguments.Add(write.Token);
        arguments.Add(write.Payload);
        arguments.Add(Milliseconds(write.Ttl));
        arguments.Add(write.Tags.Count);
        foreach (var tag in write.Tags)
        {
            arguments.Add(tag);
        }
    }

    private static void AddToken(List<RedisValue> arguments, SharedToken token)
    {
        arguments.Add(token.Key);
        arguments.Add(token.Token);
    }

    private static SharedResult Result(RedisResult[] answer)
    {
        var age = (long)answer[3];
        return new SharedResult(
            (byte[]?)answer[0], TimeSpan.FromMilliseconds((long)answer[1]), (string?)answer[2], age < 0 ? null : TimeSpan.FromMilliseconds(age));
    }

    private int GroupOf(string key)
    {
        // Not string.GetHashCode: nodes must agree.
        var hash = 2166136261u;
        foreach (var c in key)
        {
            hash = (hash ^ c) * 16777619u;
        }

        return (int)(hash % (uint)_groups.Length);
    }

    /// <summary>One script call per group, all on their way together.</summary>
    private async ValueTask EachGroupAsync<T>(
        IReadOnlyList<T> items, Func<T, string> keyOf, Script script, RedisValue[] head, Action<List<RedisValue>, T> add, Action<int, RedisResult> take)
    {
        if (items.Count == 0)
        {
            return;
        }

        var database = await connection.DatabaseAsync().ConfigureAwait(Systematic.KeepContext);
        var calls = Enumerable.Range(0, items.Count).GroupBy(i => GroupOf(keyOf(items[i]))).Select(group =>
        {
            int[] indexes = [.. group];
            var arguments = new List<RedisValue>(head);
            Array.ForEach(indexes, i => add(arguments, items[i]));
            return (indexes, Call: script.RunAsync(database, _groups[group.Key], [.. arguments]));
        }).ToList();

        // All of them, so that none fails with nobody looking.
        await Task.WhenAll(calls.Select(static c => c.Call)).ConfigureAwait(Systematic.KeepContext);
        foreach (var (indexes, call) in calls)
        {
            var answers = (RedisResult[])(await call.ConfigureAwait(Systematic.KeepContext))!;
            for (var i = 0; i < indexes.Length; i++)
            {
                take(indexes[i], answers[i]);
            }
        }
    }

    /// <summary>A tag has a token in every group. The message goes with the last group: whoever hears it finds nothing old anywhere.</summary>
    private async ValueTask InvalidateAsync(string what, IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, string writer)
    {
        var byGroup = keys.ToLookup(GroupOf);
        int[] groups = [.. Enumerable.Range(0, _groups.Length).Where(g => tags.Count > 0 || byGroup.Contains(g))];
        var database = await connection.DatabaseAsync().ConfigureAwait(Systematic.KeepContext);
        for (var i = 0; i < groups.Length; i++)
        {
            string[] own = [.. byGroup[groups[i]]];
            var isLast = i == groups.Length - 1;
            RedisValue[] arguments =
            [
                what, writer, Milliseconds(cache.WriteMarkerTtl), isLast ? _channel : "", isLast ? InvalidationMessage.Pack(_self, keys, tags) : "", own.Length,
                .. own.Select(static k => (RedisValue)k), .. tags.Select(static t => (RedisValue)t),
            ];
            await Script.Invalidate.RunAsync(database, _groups[groups[i]], arguments).ConfigureAwait(Systematic.KeepContext);
        }
    }
}
