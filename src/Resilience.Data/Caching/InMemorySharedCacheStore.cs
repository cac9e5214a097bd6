using System.Security.Cryptography;

namespace Resilience.Data;

/// <summary>
/// The shared level in one process: for tests of several nodes, and the model that other stores are compared with.
/// </summary>
/// <remarks>
/// Thread-safe: the lock guards all records; subscribers are called outside it. Unbounded in the number of keys: expired records go when they are met.
/// </remarks>
public sealed class InMemorySharedCacheStore : ISharedCacheStore
{
    private const int TokenLength = 32;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _fenceTtl;
    private readonly TimeSpan _markerTtl;
    private readonly Dictionary<string, (byte[] Payload, (string Tag, string Token)[] Tags, long Ends)> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Token, long Ends)> _fences = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _tags = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, long>> _writers = new(StringComparer.Ordinal);
    private Action<SharedInvalidation>[] _handlers = [];

    /// <summary>Initializes a new instance of the <see cref="InMemorySharedCacheStore"/> class.</summary>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="fenceTtl">How long a fence is remembered; 60 s by default.</param>
    /// <param name="writeMarkerTtl">How long a begun write lasts when it is not ended; 10 s by default.</param>
    public InMemorySharedCacheStore(TimeProvider timeProvider, TimeSpan? fenceTtl = null, TimeSpan? writeMarkerTtl = null)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        _time = timeProvider;
        _fenceTtl = fenceTtl ?? TimeSpan.FromSeconds(60);
        _markerTtl = writeMarkerTtl ?? TimeSpan.FromSeconds(10);
    }

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<SharedResult>> ReadManyAsync(IReadOnlyList<SharedRead> reads, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reads);
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<SharedResult>>([.. reads.Select(Read)]);
        }
    }

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<bool>> WriteManyAsync(IReadOnlyList<SharedWrite> writes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(writes);
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<bool>>([.. writes.Select(Write)]);
        }
    }

    /// <inheritdoc />
    public ValueTask BeginWriteAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, string writer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(tags);
        lock (_lock)
        {
            foreach (var mark in Marks(keys, tags))
            {
                if (!_writers.TryGetValue(mark, out var writers))
                {
                    _writers.Add(mark, writers = new Dictionary<string, long>(StringComparer.Ordinal));
                }

                writers[writer] = EndOf(_markerTtl);
            }

            Remove(keys, tags);
        }

        Tell(keys, tags);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask InvalidateAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, string? writer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(tags);
        lock (_lock)
        {
            Remove(keys, tags);
            foreach (var mark in Marks(keys, tags))
            {
                if (writer is not null && _writers.TryGetValue(mark, out var writers) && writers.Remove(writer) && writers.Count == 0)
                {
                    _writers.Remove(mark);
                }
            }
        }

        Tell(keys, tags);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask ReleaseAsync(IReadOnlyList<SharedToken> tokens, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        lock (_lock)
        {
            foreach (var (key, token) in tokens)
            {
                if (_fences.TryGetValue(key, out var fence) && fence.Token == token)
                {
                    _fences.Remove(key);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public IDisposable Subscribe(Action<SharedInvalidation> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_lock)
        {
            _handlers = [.. _handlers, handler];
        }

        return new Subscription(this, handler);
    }

    /// <summary>Drops every fence and tag token, as an eviction does. For tests: entries then count as missing, loads under way are not stored.</summary>
    public void EvictFences()
    {
        lock (_lock)
        {
            _fences.Clear();
            _tags.Clear();
        }
    }

    private static IEnumerable<string> Marks(IEnumerable<string> keys, IEnumerable<string> tags) =>
        keys.Select(static k => $"k{k}").Concat(tags.Select(static t => $"t{t}"));

    private static string NewToken() => RandomNumberGenerator.GetHexString(TokenLength, lowercase: true);

    private SharedResult Read(SharedRead read)
    {
        var now = _time.GetTimestamp();
        if (_values.TryGetValue(read.Key, out var value))
        {
            if (value.Ends > now && Array.TrueForAll(value.Tags, t => _tags.GetValueOrDefault(t.Tag) == t.Token))
            {
                return new SharedResult(value.Payload, _time.GetElapsedTime(now, value.Ends), null, null);
            }

            _values.Remove(read.Key);
        }

        if (Marks([read.Key], read.Tags).Any(IsMarked))
        {
            return default;
        }

        // The token holds those of the tags. When one of them moved on, the load that has the old token is void, and nobody should wait for it.
        var tags = string.Concat(read.Tags.Select(tag => $",{TagToken(tag)}"));
        TimeSpan? age = null;
        if (_fences.TryGetValue(read.Key, out var fence) && fence.Ends > now && fence.Token.EndsWith(tags, StringComparison.Ordinal) && fence.Token.Length == TokenLength + tags.Length)
        {
            age = _fenceTtl - _time.GetElapsedTime(now, fence.Ends);
        }
        else
        {
            _fences[read.Key] = fence = (NewToken() + tags, EndOf(_fenceTtl));
        }

        return new SharedResult(null, TimeSpan.Zero, fence.Token, age);
    }

    private bool Write(SharedWrite write)
    {
        var tokens = write.Token.Split(',');
        if (!_fences.TryGetValue(write.Key, out var fence) || fence.Ends <= _time.GetTimestamp() || fence.Token != write.Token || tokens.Length != write.Tags.Count + 1
            || Marks([write.Key], write.Tags).Any(IsMarked))
        {
            return false;
        }

        for (var i = 0; i < write.Tags.Count; i++)
        {
            // A token that is absent equals nothing.
            if (_tags.GetValueOrDefault(write.Tags[i]) != tokens[i + 1])
            {
                return false;
            }
        }

        _values[write.Key] = (write.Payload, [.. write.Tags.Select((tag, i) => (tag, tokens[i + 1]))], EndOf(write.Ttl));
        return true;
    }

    private bool IsMarked(string mark) => _writers.TryGetValue(mark, out var writers) && writers.Values.Any(ends => ends > _time.GetTimestamp());

    private string TagToken(string tag)
    {
        if (!_tags.TryGetValue(tag, out var token))
        {
            _tags.Add(tag, token = NewToken());
        }

        return token;
    }

    private void Remove(IEnumerable<string> keys, IEnumerable<string> tags)
    {
        foreach (var key in keys)
        {
            _values.Remove(key);
            _fences.Remove(key);
        }

        foreach (var tag in tags)
        {
            _tags.Remove(tag);
        }
    }

    private long EndOf(TimeSpan life) => _time.GetTimestamp() + (long)(life.TotalSeconds * _time.TimestampFrequency);

    private void Tell(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags)
    {
        foreach (var handler in Volatile.Read(ref _handlers))
        {
            handler(new SharedInvalidation(keys, tags));
        }
    }

    private sealed class Subscription(InMemorySharedCacheStore store, Action<SharedInvalidation> handler) : IDisposable
    {
        public void Dispose()
        {
            lock (store._lock)
            {
                store._handlers = [.. store._handlers.Where(h => h != handler)];
            }
        }
    }
}
