using Resilience.Cleanup;

namespace Resilience.LoadTests.Cleanup;

/// <summary>Channels with their members, one lock each.</summary>
internal sealed class RoomIndex : IBatchCleanup<int, int>
{
    private readonly (Lock Lock, HashSet<int> Members)[] _rooms;
    private int _locks;

    public RoomIndex(int rooms) => _rooms = [.. Enumerable.Range(0, rooms).Select(static _ => (new Lock(), new HashSet<int>()))];

    public int Locks => _locks;

    public int Members => _rooms.Sum(static r => r.Members.Count);

    public void Join(int room, int member) => _rooms[room].Members.Add(member);

    public Lock GetLock(int key)
    {
        Interlocked.Increment(ref _locks);
        return _rooms[key].Lock;
    }

    public void RemoveMany(int key, ReadOnlySpan<int> members)
    {
        foreach (var member in members)
        {
            _rooms[key].Members.Remove(member);
        }
    }
}
