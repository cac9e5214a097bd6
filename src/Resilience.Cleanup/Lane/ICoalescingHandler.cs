namespace Resilience.Cleanup;

/// <summary>The work of a <see cref="CoalescingLane{TKey, T}"/>: what two items of one key become, and what is done with them.</summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="T">The item.</typeparam>
/// <remarks>One instance serves the lane for its life. Both methods are called from several threads at once. <see cref="HandleAsync"/> never runs twice for one key at the same time; <see cref="TryMerge"/> may, and beside it.</remarks>
public interface ICoalescingHandler<TKey, T>
    where TKey : notnull
{
    /// <summary>Joins an item that came later with one that still waits. Must be quick and without effects: it may be called again for the same pair.</summary>
    /// <param name="key">The key.</param>
    /// <param name="pending">The item that waits.</param>
    /// <param name="added">The later one.</param>
    /// <param name="merged">What waits from now on.</param>
    /// <returns>False when the two cancel out (left, and joined again): then nothing waits any more.</returns>
    bool TryMerge(TKey key, T pending, T added, out T merged);

    /// <summary>Does the work. An exception, or a cancellation of the token, makes all items of the batch try again, each alone.</summary>
    /// <param name="batch">At most one item per key.</param>
    /// <param name="cancellationToken">Cancelled after <see cref="CoalescingLaneOptions.Timeout"/>. A handler that ignores it occupies its place until it returns.</param>
    ValueTask HandleAsync(IReadOnlyList<KeyValuePair<TKey, T>> batch, CancellationToken cancellationToken);
}
