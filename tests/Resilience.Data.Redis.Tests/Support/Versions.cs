namespace Resilience.Data.Redis.Tests.Support;

internal static class Versions
{
    /// <summary>Sets the target to the version unless it is higher already.</summary>
    public static void Raise(ref int target, int version)
    {
        var seen = Volatile.Read(ref target);
        while (version > seen && Interlocked.CompareExchange(ref target, version, seen) is var before && before != seen)
        {
            seen = before;
        }
    }
}
