namespace Resilience.Cleanup;

/// <summary>
/// What a worker has taken out of the queue and not begun. Filled under the queue's lock, so an entry is always in the queue or in a slot. Whoever takes an entry out
/// of the slot, by exchange, owns it: the worker itself, or the supervisor when the worker crashed or is stuck.
/// </summary>
internal sealed class ClaimSlot(int size)
{
    private readonly ScopeCore?[] _entries = new ScopeCore?[size];

    public int Size => _entries.Length;

    public int Filled { get; private set; }

    /// <summary>For the queue, under its lock, when the slot is empty.</summary>
    public void Fill(int index, ScopeCore entry)
    {
        Volatile.Write(ref _entries[index], entry);
        Filled = index + 1;
    }

    /// <summary>Looks without taking.</summary>
    public ScopeCore? Peek(int index) => Volatile.Read(ref _entries[index]);

    /// <summary>Takes; null when somebody else did.</summary>
    public ScopeCore? Take(int index) => Interlocked.Exchange(ref _entries[index], null);
}
