namespace Resilience.Cleanup;

/// <summary>One member under one key, whose removal may be done by a worker for many at once, or by its scope alone.</summary>
internal abstract class Membership
{
    private volatile bool _isDone;

    /// <summary>The application's index; memberships of the same index are grouped together.</summary>
    public abstract object Index { get; }

    /// <summary>Whether it was removed, successfully or not. Written under the key's lock, so nothing is removed twice.</summary>
    public bool IsDone => _isDone;

    /// <summary>What the removal threw; read it after <see cref="IsDone"/>.</summary>
    public Exception? Fault { get; private set; }

    public abstract KeyGroups NewGroups();

    /// <summary>The removal was tried. The first outcome counts.</summary>
    public void End(Exception? fault)
    {
        if (!_isDone)
        {
            Fault = fault;
            _isDone = true;
        }
    }

    /// <summary>Removes this member alone. False when the lock was not free within <paramref name="wait"/>.</summary>
    public abstract bool TryRemove(TimeSpan wait);
}

/// <inheritdoc />
internal sealed class Membership<TKey, TMember>(IBatchCleanup<TKey, TMember> index, TKey key, TMember member) : Membership
    where TKey : notnull
{
    public override object Index => index;

    public TKey Key => key;

    public TMember Member => member;

    public override KeyGroups NewGroups() => new KeyGroups<TKey, TMember>(index);

    public override bool TryRemove(TimeSpan wait)
    {
        try
        {
            var keyLock = index.GetLock(key);
            if (!keyLock.TryEnter(wait))
            {
                return false;
            }

            try
            {
                if (!IsDone)
                {
                    index.RemoveMany(key, [member]);
                    End(null);
                }
            }
            finally
            {
                keyLock.Exit();
            }
        }
        catch (Exception exception)
        {
            End(exception);
        }

        return true;
    }
}
