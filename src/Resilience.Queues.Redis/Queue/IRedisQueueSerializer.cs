using System.Buffers;

namespace Resilience.Queues.Redis;

/// <summary>Turns items into bytes and back. Thread-safe. Every node of a queue must use the same format.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
public interface IRedisQueueSerializer<T>
{
    /// <summary>Writes an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="writer">Takes the bytes.</param>
    void Serialize(T item, IBufferWriter<byte> writer);

    /// <summary>Reads an item. What it throws makes the message a dead letter with reason <see cref="DeadLetterReason.Payload"/>.</summary>
    /// <param name="payload">The bytes.</param>
    /// <returns>The item.</returns>
    T Deserialize(ReadOnlySpan<byte> payload);
}
