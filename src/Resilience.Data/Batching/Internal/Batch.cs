namespace Resilience.Data;

/// <summary>Keys that go to the database together. Guarded by its loader's lock but for the completion of its entries.</summary>
internal sealed class Batch<TKey, TValue> : IDisposable
    where TKey : notnull
{
    private readonly CancellationTokenSource _abandoned = new();
    private int _waiting;

    public Dictionary<TKey, TaskCompletionSource<Loaded<TValue>>> Entries { get; } = [];

    /// <summary>Whether no further key may join.</summary>
    public bool IsClosed { get; set; }

    /// <summary>Cancelled when every caller has left.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    public TaskCompletionSource<Loaded<TValue>> Join(TKey key)
    {
        _waiting++;
        if (!Entries.TryGetValue(key, out var entry))
        {
            Entries.Add(key, entry = new TaskCompletionSource<Loaded<TValue>>(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return entry;
    }

    /// <summary>Gives true when that was the last caller.</summary>
    public bool Leave() => --_waiting == 0;

    /// <summary>Not under the lock: cancelling runs the provider's code.</summary>
    public void Abandon()
    {
        try
        {
            _abandoned.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended meanwhile.
        }
    }

    public void Dispose() => _abandoned.Dispose();
}
