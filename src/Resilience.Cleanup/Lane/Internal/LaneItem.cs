namespace Resilience.Cleanup;

/// <summary>What a lane knows of one key. Guarded by the lane's lock.</summary>
internal sealed class LaneItem<TKey, T>(TKey key)
{
    public TKey Key { get; } = key;

    /// <summary>What waits; meaningful while <see cref="Waits"/>.</summary>
    public T Value { get; set; } = default!;

    public bool Waits { get; set; }

    /// <summary>A handler is working on an earlier value of this key.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Failed attempts of what waits.</summary>
    public int Attempts { get; set; }

    /// <summary>Timestamp from which it may be handled.</summary>
    public long Due { get; set; }

    /// <summary>Rises with every change: a place in the schedule or a merge that was made for an older version is void.</summary>
    public long Version { get; set; }
}
