using Resilience.Cleanup;

namespace Resilience.LoadTests.Cleanup;

/// <summary>Channels with their members, one lock each.</summary>
internal sealed class RoomIndex : IBatchCleanup<int, int>
{
    private readonly (Lock Lock, HashSet<int> Members)[] _rooms;
    private int _locks;
    private List<(TimeSpan Wall, TimeSpan Cpu)>? _holds;

    public RoomIndex(int rooms) => _rooms = [.. Enumerable.Range(0, rooms).Select(static _ => (new Lock(), new HashSet<int>()))];

    public int Locks => _locks;

    public int Members => _rooms.Sum(static r => r.Members.Count);

    /// <summary>From now on each removal is timed twice: by the clock, and by the CPU that its thread used.</summary>
    public List<(TimeSpan Wall, TimeSpan Cpu)> TimeRemovals() => _holds = [];

    public void Join(int room, int member) => _rooms[room].Members.Add(member);

    public Lock GetLock(int key)
    {
        Interlocked.Increment(ref _locks);
        return _rooms[key].Lock;
    }

    public void RemoveMany(int key, ReadOnlySpan<int> members)
    {
        if (_holds is not { } holds)
        {
            Remove(key, members);
            return;
        }

        var started = TimeProvider.System.GetTimestamp();
        var cpu = ThreadCpu.Now();
        Remove(key, members);
        cpu = ThreadCpu.Now() - cpu;
        var wall = TimeProvider.System.GetElapsedTime(started);
        lock (holds)
        {
            holds.Add((wall, cpu));
        }
    }

    private void Remove(int key, ReadOnlySpan<int> members)
    {
        foreach (var member in members)
        {
            _rooms[key].Members.Remove(member);
        }
    }
}
