namespace Resilience.Cleanup;

/// <summary>
/// An index from keys to members (channels to connections) that wants removals in bulk: one lock per key and batch, not one per member.
/// Register a membership with <see cref="CleanupScope.RemoveFrom"/>.
/// </summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TMember">The member.</typeparam>
/// <remarks>Both methods are called from several threads at once.</remarks>
public interface IBatchCleanup<TKey, TMember>
    where TKey : notnull
{
    /// <summary>The lock that guards this key's members. Called without any lock held; it must always give the same lock for the same key.</summary>
    /// <param name="key">The key.</param>
    Lock GetLock(TKey key);

    /// <summary>
    /// Removes members. Called while the key's lock is held, so it must be short and must not call out; a member that is not there any more is ignored.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="members">The members; valid during the call only.</param>
    void RemoveMany(TKey key, ReadOnlySpan<TMember> members);
}
