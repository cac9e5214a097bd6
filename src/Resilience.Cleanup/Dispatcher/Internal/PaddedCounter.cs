using System.Runtime.InteropServices;

namespace Resilience.Cleanup;

/// <summary>A counter alone in its cache lines: those who post and those who close must not slow each other. Thread-safe; do not copy it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2 * Line)]
internal struct PaddedCounter
{
    private const int Line = 64;

    [FieldOffset(Line)]
    private long _value;

    public readonly long Value => Volatile.Read(in _value);

    public void Increment() => Interlocked.Increment(ref _value);
}
