using System.Collections.Concurrent;

namespace Resilience.Cleanup.Tests;

/// <summary>Channels with their members, one lock each; counts what is done to it.</summary>
internal sealed class ChannelIndex : IBatchCleanup<int, int>
{
    private readonly ConcurrentDictionary<int, (Lock Lock, HashSet<int> Members)> _channels = new();
    private int _removals;
    private int _removed;

    /// <summary>A member that throws when it is to be removed.</summary>
    public int Poison { get; init; } = -1;

    public int Removals => _removals;

    public int Removed => _removed;

    public int Members => _channels.Values.Sum(static c => c.Members.Count);

    public void Join(int channel, int member)
    {
        var (channelLock, members) = Channel(channel);
        lock (channelLock)
        {
            members.Add(member);
        }
    }

    public Lock GetLock(int key) => Channel(key).Lock;

    public void RemoveMany(int key, ReadOnlySpan<int> members)
    {
        var channel = Channel(key);
        channel.Lock.IsHeldByCurrentThread.ShouldBeTrue();
        Interlocked.Increment(ref _removals);
        foreach (var member in members)
        {
            if (member == Poison)
            {
                throw new InvalidOperationException("poison");
            }

            Interlocked.Add(ref _removed, channel.Members.Remove(member) ? 1 : 0);
        }
    }

    private (Lock Lock, HashSet<int> Members) Channel(int channel) => _channels.GetOrAdd(channel, static _ => (new Lock(), []));
}
