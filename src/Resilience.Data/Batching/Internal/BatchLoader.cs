using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>
/// Collects keys until nobody joins during one yield. Thread-safe: the lock guards the open batch and the counts; nothing is called and nobody is completed under it.
/// </summary>
internal sealed partial class BatchLoader<TKey, TValue>(
    string name, BatchLoad<TKey, TValue> load, BatchLoaderOptions options, IServiceScopeFactory scopes, DataMetrics metrics, ILogger logger) : IBatchLoader<TKey, TValue>
    where TKey : notnull
{
    private static readonly bool IsOrdered = typeof(IComparable<TKey>).IsAssignableFrom(typeof(TKey)) || typeof(IComparable).IsAssignableFrom(typeof(TKey));

    private readonly Lock _lock = new();
    private readonly AsyncLocal<bool> _loading = new();
    private Batch<TKey, TValue>? _open;
    private int _keys;
    private int _singles;
    private bool _told;

    public Task<Loaded<TValue>> LoadAsync(TKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ThrowIfMisplaced();
        cancellationToken.ThrowIfCancellationRequested();
        Batch<TKey, TValue> batch;
        Task<Loaded<TValue>> outcome;
        var isNew = false;
        lock (_lock)
        {
            if (_keys >= options.QueueLimit)
            {
                return Task.FromResult(new Loaded<TValue>(LoadState.Failed, default, Full()));
            }

            isNew = _open is null;
            batch = _open ??= new Batch<TKey, TValue>();
            var before = batch.Entries.Count;
            outcome = batch.Join(key).Task;
            _keys += batch.Entries.Count - before;
            if (batch.Entries.Count >= options.MaxBatchSize)
            {
                batch.IsClosed = true;
                _open = null;
            }
        }

        if (isNew)
        {
            Start(batch, collect: true);
        }

        return cancellationToken.CanBeCanceled ? AwaitAsync(batch, outcome, cancellationToken) : outcome;
    }

    public async Task<IReadOnlyDictionary<TKey, Loaded<TValue>>> LoadManyAsync(IReadOnlyCollection<TKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ThrowIfMisplaced();
        var result = new Dictionary<TKey, Loaded<TValue>>(keys.Count);
        foreach (var part in keys.Distinct().Chunk(options.MaxBatchSize))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Reserve(part) is not { } batch)
            {
                var full = new Loaded<TValue>(LoadState.Failed, default, Full());
                Array.ForEach(part, key => result[key] = full);
                continue;
            }

            Start(batch, collect: false);
            using var registration = cancellationToken.Register(static state => ((Batch<TKey, TValue>)state!).Abandon(), batch);
            foreach (var (key, entry) in batch.Entries)
            {
                result[key] = await entry.Task.ConfigureAwait(Systematic.KeepContext);
            }

            cancellationToken.ThrowIfCancellationRequested();
        }

        return result;
    }

    private Batch<TKey, TValue>? Reserve(TKey[] keys)
    {
        var batch = new Batch<TKey, TValue> { IsClosed = true };
        lock (_lock)
        {
            if (_keys + keys.Length > options.QueueLimit)
            {
                return null;
            }

            _keys += keys.Length;
        }

        foreach (var key in keys)
        {
            batch.Join(key);
        }

        return batch;
    }

    private async Task<Loaded<TValue>> AwaitAsync(Batch<TKey, TValue> batch, Task<Loaded<TValue>> outcome, CancellationToken cancellationToken)
    {
        try
        {
            return await outcome.WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            bool last;
            lock (_lock)
            {
                last = batch.Leave();
                if (last)
                {
                    // Nobody joins a batch that will be cancelled.
                    batch.IsClosed = true;
                    _open = _open == batch ? null : _open;
                }
            }

            if (last)
            {
                batch.Abandon();
            }

            throw;
        }
    }

    private void ThrowIfMisplaced()
    {
        if (GuardFlow.IsInside)
        {
            throw new InvalidOperationException($"The batch loader '{name}' reads on a connection of its own, outside the locks of this guarded transaction; query through its context.");
        }

        if (_loading.Value)
        {
            throw new InvalidOperationException($"The batch loader '{name}' is called by its own load function and would wait for itself.");
        }
    }

    private InvalidOperationException Full() =>
        new($"The batch loader '{name}' has {options.QueueLimit} keys waiting; load less at once or raise QueueLimit.");

    private void Start(Batch<TKey, TValue> batch, bool collect)
    {
        // The first caller's activity, tenant or transaction must not become that of all. Only the scope in which its statements are counted goes along.
        var scope = QueryMonitor.CurrentScope;
        _ = Systematic.StartDetached(() => RunAsync(batch, collect, scope));
    }
}
