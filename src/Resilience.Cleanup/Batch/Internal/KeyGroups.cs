using System.Buffers;
using System.Runtime.InteropServices;

namespace Resilience.Cleanup;

/// <summary>The memberships of one index in one batch, by key. Belongs to one worker; its lists are used again for the next batch.</summary>
internal abstract class KeyGroups
{
    public abstract void Add(Membership membership);

    /// <summary>Removes everything, one lock per key, and forgets it. False when some key could not be locked in time; its memberships are left undone.</summary>
    public abstract bool Remove(TimeSpan lockTimeout, TimeProvider time, IBatchObserver observer);
}

/// <summary>Is told of what a worker cannot keep to itself.</summary>
internal interface IBatchObserver
{
    void LockHeld(TimeSpan time);

    void LockTimedOut(int members);
}

/// <inheritdoc />
internal sealed class KeyGroups<TKey, TMember>(IBatchCleanup<TKey, TMember> index) : KeyGroups
    where TKey : notnull
{
    private readonly Dictionary<TKey, List<Membership<TKey, TMember>>> _groups = [];
    private readonly Stack<List<Membership<TKey, TMember>>> _spare = new();

    public override void Add(Membership membership)
    {
        var typed = (Membership<TKey, TMember>)membership;
        ref var group = ref CollectionsMarshal.GetValueRefOrAddDefault(_groups, typed.Key, out _);
        group ??= _spare.Count > 0 ? _spare.Pop() : [];
        group.Add(typed);
    }

    public override bool Remove(TimeSpan lockTimeout, TimeProvider time, IBatchObserver observer)
    {
        var all = true;
        foreach (var (key, group) in _groups)
        {
            all &= TryRemoveGroup(key, group, lockTimeout, time, observer);
            group.Clear();
            if (_spare.Count < 64)
            {
                _spare.Push(group);
            }
        }

        _groups.Clear();
        return all;
    }

    private bool TryRemoveGroup(TKey key, List<Membership<TKey, TMember>> group, TimeSpan lockTimeout, TimeProvider time, IBatchObserver observer)
    {
        Lock keyLock;
        try
        {
            keyLock = index.GetLock(key);
        }
        catch (Exception exception)
        {
            group.ForEach(m => m.End(exception));
            return true;
        }

        if (!keyLock.TryEnter(lockTimeout))
        {
            observer.LockTimedOut(group.Count);
            return false;
        }

        var entered = time.GetTimestamp();
        try
        {
            RemoveUnderLock(key, group);
        }
        finally
        {
            keyLock.Exit();
        }

        observer.LockHeld(time.GetElapsedTime(entered));
        return true;
    }

    private void RemoveUnderLock(TKey key, List<Membership<TKey, TMember>> group)
    {
        var members = ArrayPool<TMember>.Shared.Rent(group.Count);
        var count = 0;
        foreach (var membership in group)
        {
            if (!membership.IsDone)
            {
                members[count++] = membership.Member;
            }
        }

        try
        {
            index.RemoveMany(key, members.AsSpan(0, count));
            group.ForEach(static m => m.End(null));
        }
        catch (Exception)
        {
            // One bad member must not keep the others: each is tried alone.
            group.ForEach(m => RemoveAlone(key, m));
        }
        finally
        {
            ArrayPool<TMember>.Shared.Return(members, clearArray: true);
        }
    }

    private void RemoveAlone(TKey key, Membership<TKey, TMember> membership)
    {
        try
        {
            if (!membership.IsDone)
            {
                index.RemoveMany(key, [membership.Member]);
                membership.End(null);
            }
        }
        catch (Exception exception)
        {
            membership.End(exception);
        }
    }
}
