using System.Buffers.Binary;

namespace Resilience.Queues.Redis;

/// <summary>The state of a message as state.lua packs it; times in microseconds since the Unix epoch.</summary>
internal readonly record struct PackedState(long Token, long Due, long EnqueuedAt, int Failures, int Deliveries, bool IsSuspect)
{
    /// <summary>The format of state.lua, with its padding.</summary>
    private const int Length = 65;

    /// <exception cref="InvalidOperationException">The text is not of this format.</exception>
    public static PackedState Read(ReadOnlySpan<byte> packed) => packed.Length == Length
        ? new PackedState(
            (long)BinaryPrimitives.ReadDoubleBigEndian(packed[8..]),
            (long)BinaryPrimitives.ReadDoubleBigEndian(packed[16..]),
            (long)BinaryPrimitives.ReadDoubleBigEndian(packed[24..]),
            BinaryPrimitives.ReadUInt16BigEndian(packed[32..]),
            BinaryPrimitives.ReadUInt16BigEndian(packed[34..]),
            packed[36] == 1)
        : throw new InvalidOperationException($"A claim on Redis returned a state of {packed.Length} bytes instead of {Length}; another version of Resilience.Queues.Redis wrote the queue's keys.");
}
