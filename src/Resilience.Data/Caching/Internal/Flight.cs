using Microsoft.Extensions.Caching.Hybrid;

namespace Resilience.Data;

/// <summary>What loads may be shared: those of one key, one type and the same flags.</summary>
internal readonly record struct FlightKey(string Key, Type Type, HybridCacheEntryFlags Flags);

/// <summary>A load under way, for every caller that asks meanwhile.</summary>
internal abstract class Flight(FlightKey id, string[] tags, LoadMoment began) : IDisposable
{
    private readonly CancellationTokenSource _abandoned = new();
    private int _callers;

    public FlightKey Id => id;

    public string Key => id.Key;

    public string[] Tags => tags;

    /// <summary>When it began: what was invalidated later makes its value unfit to be stored, and unfit for callers who came after that.</summary>
    public LoadMoment Began => began;

    /// <summary>Cancelled when every caller has left.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Whether it has its outcome. Whoever asks after that is not told what was read before: the value is kept, or it must not be.</summary>
    public abstract bool HasLanded { get; }

    /// <summary>Under the key's lock.</summary>
    public void Join() => _callers++;

    /// <summary>Under the key's lock. Gives true when that was the last caller.</summary>
    public bool Leave() => --_callers == 0;

    /// <summary>Not under a lock: cancelling runs other people's code.</summary>
    public void Abandon()
    {
        try
        {
            _abandoned.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It landed meanwhile.
        }
    }

    public void Dispose() => _abandoned.Dispose();
}

/// <summary>A load under way with its outcome.</summary>
internal sealed class Flight<T>(FlightKey id, string[] tags, LoadMoment began) : Flight(id, tags, began)
{
    private readonly TaskCompletionSource<Cached<T>> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Cached<T>> Outcome => _outcome.Task;

    public override bool HasLanded => _outcome.Task.IsCompleted;

    public void Complete(Cached<T> value) => _outcome.TrySetResult(value);

    public void Fail(Exception exception)
    {
        if (exception is OperationCanceledException)
        {
            _outcome.TrySetCanceled();
        }
        else
        {
            _outcome.TrySetException(exception);

            // Everybody may have left.
            _ = _outcome.Task.Exception;
        }
    }
}
