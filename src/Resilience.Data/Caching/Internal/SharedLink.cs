using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>
/// The way to the shared level, which may be down: no call throws for that or takes longer than the limit. Invalidations that could not be sent are kept and sent
/// later; until then their keys do not touch the shared level. Thread-safe: the lock guards what is pending, and nothing is called under it.
/// </summary>
internal sealed partial class SharedLink(ISharedCacheStore store, FencedCacheOptions options, TimeProvider time, DataMetrics metrics, ILogger logger) : IDisposable
{
    /// <summary>How long a call may take, and how long none is tried after a failure.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Alert _alert = new(DataTelemetryNames.SharedStoreAlert, 1, 1);
    private readonly CancellationTokenSource _stopped = new();
    private int _disposed;
    private long _downUntil = long.MinValue;

    public bool IsDown => time.GetTimestamp() < Volatile.Read(ref _downUntil);

    /// <summary>Gives null when the shared level is down, or when a key of them must not touch it.</summary>
    public async ValueTask<IReadOnlyList<SharedResult>?> ReadAsync(IReadOnlyList<Flight> flights, CancellationToken cancellationToken)
    {
        if (IsDown || flights.Any(IsBypassed))
        {
            return null;
        }

        SharedRead[] reads = [.. flights.Select(static f => new SharedRead(f.Key, f.Tags))];
        return await TryAsync(static (store, reads, token) => store.ReadManyAsync(reads, token), reads, cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    /// <summary>Gives null when the shared level is down.</summary>
    public async ValueTask<IReadOnlyList<bool>?> WriteAsync(IReadOnlyList<SharedWrite> writes) => IsDown
        ? null
        : await TryAsync(static (store, writes, token) => store.WriteManyAsync(writes, token), writes, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);

    public async ValueTask BeginWriteAsync(string[] keys, string[] tags, string writer)
    {
        if (!await SendAsync((keys, tags, writer), static async (store, m, token) =>
            {
                await store.BeginWriteAsync(m.keys, m.tags, m.writer, token).ConfigureAwait(Systematic.KeepContext);
                return true;
            }).ConfigureAwait(Systematic.KeepContext))
        {
            Keep(keys, tags);
        }
    }

    public async ValueTask InvalidateAsync(string[] keys, string[] tags, string? writer)
    {
        if (!await SendAsync((keys, tags, writer), static async (store, m, token) =>
            {
                await store.InvalidateAsync(m.keys, m.tags, m.writer, token).ConfigureAwait(Systematic.KeepContext);
                return true;
            }).ConfigureAwait(Systematic.KeepContext))
        {
            Keep(keys, tags);
        }
    }

    public void Dispose()
    {
        // The container disposes the cache once for each type that it is registered as.
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _stopped.Cancel();
            _stopped.Dispose();
        }
    }

    private async ValueTask<bool> SendAsync<TMessage>(TMessage message, Func<ISharedCacheStore, TMessage, CancellationToken, ValueTask<bool>> send) =>
        !(IsDown && HasPending) && await TryAsync(send, message, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);

    private async ValueTask<TResult?> TryAsync<TArgument, TResult>(
        Func<ISharedCacheStore, TArgument, CancellationToken, ValueTask<TResult>> call, TArgument argument, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var pending = call(store, argument, either.Token);
            var result = pending.IsCompleted
                ? await pending.ConfigureAwait(Systematic.KeepContext)
                : await WithinAsync(pending.AsTask(), either.Token).ConfigureAwait(Systematic.KeepContext);
            Up();
            return result;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            Down(exception);
            return default;
        }
    }

    /// <summary>A store that does not watch its token must not hold the caller. Under the explorer the token alone decides: its tasks end by themselves.</summary>
    private static Task<TResult> WithinAsync<TResult>(Task<TResult> task, CancellationToken cancellationToken) =>
        Systematic.Enabled ? task : task.WaitAsync(cancellationToken);

    private void Down(Exception exception)
    {
        Volatile.Write(ref _downUntil, time.GetTimestamp() + (long)(Limit.TotalSeconds * time.TimestampFrequency));
        metrics.StoreError();
        if (_alert.Raise() == AlertChange.Raised)
        {
            DataLog.SharedStoreDown(logger, PendingCount, exception);
            Tell(true);
        }
    }

    private void Up()
    {
        if (_alert.IsActive && !HasPending && _alert.Clear() == AlertChange.Cleared)
        {
            Volatile.Write(ref _downUntil, long.MinValue);
            DataLog.SharedStoreUp(logger);
            Tell(false);
        }
    }

    private void Tell(bool active)
    {
        metrics.AlertChanged(DataTelemetryNames.SharedStoreAlert, active);
        try
        {
            options.OnAlert?.Invoke(new DataAlert(DataTelemetryNames.SharedStoreAlert, active));
        }
        catch (Exception exception)
        {
            DataLog.AlertCallbackFailed(logger, exception);
        }
    }
}
