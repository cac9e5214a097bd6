namespace Resilience.Cleanup;

/// <summary>A first-in-first-out ring that grows on demand and gives memory back when a storm is over. Not thread-safe.</summary>
internal sealed class Ring
{
    private const int Smallest = 64;

    private ScopeCore?[] _items = new ScopeCore?[Smallest];
    private int _head;

    public int Count { get; private set; }

    public ScopeCore? Oldest => Count > 0 ? _items[_head] : null;

    public void Add(ScopeCore entry)
    {
        if (Count == _items.Length)
        {
            Resize(Count * 2);
        }

        _items[(_head + Count) & (_items.Length - 1)] = entry;
        Count++;
    }

    public ScopeCore Take()
    {
        var entry = _items[_head]!;
        _items[_head] = null;
        _head = (_head + 1) & (_items.Length - 1);
        if (--Count == 0 && _items.Length > Smallest * 64)
        {
            Resize(Smallest);
        }

        return entry;
    }

    private void Resize(int size)
    {
        // A power of two, so that the mask works.
        var items = new ScopeCore?[size];
        for (var i = 0; i < Count; i++)
        {
            items[i] = _items[(_head + i) & (_items.Length - 1)];
        }

        _items = items;
        _head = 0;
    }
}
