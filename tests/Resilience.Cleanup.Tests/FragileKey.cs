namespace Resilience.Cleanup.Tests;

/// <summary>A key whose hash code may throw: it kills the worker that groups it, on a real thread, in the middle of its batch.</summary>
internal readonly struct FragileKey(int value, Func<bool> dies) : IEquatable<FragileKey>
{
    public int Value => value;

    public bool Equals(FragileKey other) => other.Value == value;

    public override bool Equals(object? obj) => obj is FragileKey other && Equals(other);

    public override int GetHashCode() => dies() ? throw new InvalidDataException("The key kills its worker.") : value;
}

/// <summary>An index that does not hash its keys.</summary>
internal sealed class FragileIndex(int keys) : IBatchCleanup<FragileKey, int>
{
    private readonly Lock[] _locks = [.. Enumerable.Range(0, keys).Select(static _ => new Lock())];
    private int _removed;

    public int Removed => _removed;

    public Lock GetLock(FragileKey key) => _locks[key.Value];

    public void RemoveMany(FragileKey key, ReadOnlySpan<int> members) => Interlocked.Add(ref _removed, members.Length);
}
