using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Resilience.Queues.Redis;

internal sealed class JsonQueueSerializer<T>(JsonTypeInfo<T> type) : IRedisQueueSerializer<T>
{
    public void Serialize(T item, IBufferWriter<byte> writer)
    {
        using var json = new Utf8JsonWriter(writer);
        JsonSerializer.Serialize(json, item, type);
    }

    public T Deserialize(ReadOnlySpan<byte> payload) =>
        JsonSerializer.Deserialize(payload, type) ?? throw new JsonException("The payload is null.");
}

internal sealed class BytesSerializer : IRedisQueueSerializer<byte[]>, IRedisQueueSerializer<ReadOnlyMemory<byte>>
{
    public void Serialize(byte[] item, IBufferWriter<byte> writer) => writer.Write(item);

    public void Serialize(ReadOnlyMemory<byte> item, IBufferWriter<byte> writer) => writer.Write(item.Span);

    byte[] IRedisQueueSerializer<byte[]>.Deserialize(ReadOnlySpan<byte> payload) => payload.ToArray();

    ReadOnlyMemory<byte> IRedisQueueSerializer<ReadOnlyMemory<byte>>.Deserialize(ReadOnlySpan<byte> payload) => payload.ToArray();
}

internal sealed class TextSerializer : IRedisQueueSerializer<string>
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public void Serialize(string item, IBufferWriter<byte> writer) => Strict.GetBytes(item, writer);

    public string Deserialize(ReadOnlySpan<byte> payload) => Strict.GetString(payload);
}
