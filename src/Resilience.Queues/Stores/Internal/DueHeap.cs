using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>
/// An indexed 4-ary heap of slots, ordered by due time and then by sequence. The position of every slot is known, so that a removal or a new due time needs no
/// search. Not thread-safe: the store's lock guards it.
/// </summary>
internal sealed class DueHeap
{
    private const int Arity = 4;
    private const int Absent = -1;

    private Node[] _nodes = [];
    private int[] _positions = [];

    public int Count { get; private set; }

    /// <summary>Makes room for slots below <paramref name="slots"/>.</summary>
    public void Grow(int slots)
    {
        var old = _positions.Length;
        Array.Resize(ref _nodes, slots);
        Array.Resize(ref _positions, slots);
        _positions.AsSpan(old).Fill(Absent);
    }

    public bool Contains(int slot) => _positions[slot] != Absent;

    /// <summary>The slot at the head; the heap must not be empty.</summary>
    public int Peek(out long due)
    {
        ref var head = ref _nodes[0];
        due = head.Due;
        return head.Slot;
    }

    public long DueOf(int slot) => _nodes[_positions[slot]].Due;

    public void Insert(int slot, long due, long sequence)
    {
        Systematic.Assert(_positions[slot] == Absent, "a slot is in a heap at most once");
        SiftUp(Count++, new Node(due, sequence, slot));
    }

    public void Remove(int slot)
    {
        var position = _positions[slot];
        _positions[slot] = Absent;
        var last = _nodes[--Count];
        if (position < Count)
        {
            Place(position, last);
        }
    }

    /// <summary>Gives a slot that is in the heap a new key.</summary>
    public void Update(int slot, long due, long sequence) => Place(_positions[slot], new Node(due, sequence, slot));

    /// <summary>How many entries are due at <paramref name="now"/>. Visits the due ones and their children only.</summary>
    public int CountDue(long now) => CountDue(0, now);

    private int CountDue(int position, long now)
    {
        if (position >= Count || _nodes[position].Due > now)
        {
            return 0;
        }

        var total = 1;
        var firstChild = (position * Arity) + 1;
        for (var child = firstChild; child < firstChild + Arity && child < Count; child++)
        {
            total += CountDue(child, now);
        }

        return total;
    }

    private void Place(int position, Node node)
    {
        if (position > 0 && node.Precedes(_nodes[(position - 1) / Arity]))
        {
            SiftUp(position, node);
        }
        else
        {
            SiftDown(position, node);
        }
    }

    private void SiftUp(int position, Node node)
    {
        while (position > 0)
        {
            var parent = (position - 1) / Arity;
            if (!node.Precedes(_nodes[parent]))
            {
                break;
            }

            Set(position, _nodes[parent]);
            position = parent;
        }

        Set(position, node);
    }

    private void SiftDown(int position, Node node)
    {
        while (true)
        {
            var first = (position * Arity) + 1;
            if (first >= Count)
            {
                break;
            }

            var least = first;
            var end = Math.Min(first + Arity, Count);
            for (var child = first + 1; child < end; child++)
            {
                if (_nodes[child].Precedes(_nodes[least]))
                {
                    least = child;
                }
            }

            if (!_nodes[least].Precedes(node))
            {
                break;
            }

            Set(position, _nodes[least]);
            position = least;
        }

        Set(position, node);
    }

    private void Set(int position, Node node)
    {
        _nodes[position] = node;
        _positions[node.Slot] = position;
    }

    private readonly record struct Node(long Due, long Sequence, int Slot)
    {
        public bool Precedes(in Node other) => Due < other.Due || (Due == other.Due && Sequence < other.Sequence);
    }
}
