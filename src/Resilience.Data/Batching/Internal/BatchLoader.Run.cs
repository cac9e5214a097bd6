using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Running a batch: collect, query, split on a data error, hand out.</summary>
internal sealed partial class BatchLoader<TKey, TValue>
{
    /// <summary>Queries that a batch may take in all when several keys are bad; what is left then fails.</summary>
    private const int MaxQueries = 64;

    private async Task RunAsync(Batch<TKey, TValue> batch, bool collect, QueryScope? scope)
    {
        if (collect)
        {
            await CollectAsync(batch).ConfigureAwait(Systematic.KeepContext);
            Notice(batch);
        }

        var keys = batch.Entries.Keys.ToArray();
        metrics.Batch(keys.Length);
        _loading.Value = true;
        QueryMonitor.EnterBatch(scope, keys.Length);
        var outcomes = new Dictionary<TKey, Loaded<TValue>>(keys.Length);
        var queries = 0;
        try
        {
            if (IsOrdered)
            {
                // A stable order gives stable plans, and no deadlock when the query locks.
                Array.Sort(keys);
            }

            await LoadAsync(keys).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception exception)
        {
            // A key's own comparison threw, or IsDataError did.
            Array.ForEach(keys, key => outcomes[key] = new Loaded<TValue>(LoadState.Failed, default, exception));
        }
        finally
        {
            lock (_lock)
            {
                _keys -= keys.Length;
            }

            foreach (var (key, entry) in batch.Entries)
            {
                entry.TrySetResult(outcomes.TryGetValue(key, out var outcome) ? outcome : new Loaded<TValue>(LoadState.Missing));
            }

            batch.Dispose();
        }

        async Task LoadAsync(ArraySegment<TKey> part)
        {
            try
            {
                queries++;
                foreach (var (key, value) in await QueryAsync(part, batch.Abandoned).ConfigureAwait(Systematic.KeepContext))
                {
                    outcomes[key] = new Loaded<TValue>(LoadState.Found, value);
                }
            }
            catch (Exception exception) when (part.Count > 1 && queries < MaxQueries && IsDataError(exception))
            {
                var half = part.Count / 2;
                await LoadAsync(part[..half]).ConfigureAwait(Systematic.KeepContext);
                await LoadAsync(part[half..]).ConfigureAwait(Systematic.KeepContext);
            }
            catch (Exception exception)
            {
                foreach (var key in part)
                {
                    outcomes[key] = new Loaded<TValue>(LoadState.Failed, default, exception);
                }
            }
        }
    }

    private async Task CollectAsync(Batch<TKey, TValue> batch)
    {
        // Three quiet yields and not one: a caller that was interrupted between two loads gets a chance to go on.
        const int Quiet = 3;
        var (seen, quiet) = (-1, 0);
        for (var yields = 0; yields < options.MaxYields; yields++)
        {
            await Task.Yield();
            lock (_lock)
            {
                quiet = batch.Entries.Count == seen ? quiet + 1 : 0;
                if (batch.IsClosed || quiet == Quiet)
                {
                    break;
                }

                seen = batch.Entries.Count;
            }
        }

        lock (_lock)
        {
            batch.IsClosed = true;
            if (ReferenceEquals(_open, batch))
            {
                _open = null;
            }
        }
    }

    /// <summary>Says once when loads are awaited one after the other: each batch had one key and nothing else was under way.</summary>
    private void Notice(Batch<TKey, TValue> batch)
    {
        lock (_lock)
        {
            _singles = batch.Entries.Count == 1 && _keys == 1 ? _singles + 1 : 0;
            if (_told || _singles < options.SequentialLimit)
            {
                return;
            }

            _told = true;
        }

        metrics.SequentialUse();
        DataLog.SequentialLoads(logger, name);
    }

    private async Task<IReadOnlyDictionary<TKey, TValue>> QueryAsync(IReadOnlyList<TKey> keys, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(Systematic.KeepContext))
        {
            return await load(new BatchContext(scope.ServiceProvider, name), keys, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private bool IsDataError(Exception exception) =>
        options.IsDataError?.Invoke(exception) ?? exception is DbException { SqlState: { Length: 5 } state } && state.StartsWith("22", StringComparison.Ordinal);
}
