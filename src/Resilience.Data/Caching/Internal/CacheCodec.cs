using System.Buffers;
using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Hybrid;

namespace Resilience.Data;

/// <summary>How values of a type become bytes, and whether one object may be given to every caller.</summary>
internal sealed class CacheCodec<T>(IHybridCacheSerializer<T> serializer)
{
    /// <summary>The stock rule: no references inside, strings, and sealed types that say so.</summary>
    private static readonly bool Immutable = !RuntimeHelpers.IsReferenceOrContainsReferences<T>()
        || typeof(T) == typeof(string)
        || (typeof(T) is { IsSealed: true } type && type.GetCustomAttribute<ImmutableObjectAttribute>() is { Immutable: true });

    public static bool IsImmutable => Immutable;

    public byte[] Serialize(T value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        serializer.Serialize(value, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    public T Deserialize(byte[] bytes) => serializer.Deserialize(new ReadOnlySequence<byte>(bytes));
}
