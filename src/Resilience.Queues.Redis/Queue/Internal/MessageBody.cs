using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Resilience.Queues.Redis;

/// <summary>The bytes of a message in Redis: a format byte, the trace context, the payload. A newer format is told apart by its first byte.</summary>
internal static class MessageBody
{
    private const byte Format = 1;
    private const int HeaderLength = 4;
    private const int LongestTraceState = 512;

    /// <summary>Writes a message; says how many bytes of it are payload.</summary>
    public static (byte[] Body, int PayloadBytes) Write<T>(in NewMessage<T> message, IRedisQueueSerializer<T> serializer)
    {
        var writer = new ArrayBufferWriter<byte>(256);
        var parent = message.TraceParent ?? "";

        // A trace state beyond what the standard asks to carry is dropped, as it permits.
        var state = message.TraceState is { Length: <= LongestTraceState } given ? given : "";
        var header = writer.GetSpan(HeaderLength);
        header[0] = Format;
        header[1] = (byte)parent.Length;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)Encoding.UTF8.GetByteCount(state));
        writer.Advance(HeaderLength);
        Encoding.ASCII.GetBytes(parent, writer);
        Encoding.UTF8.GetBytes(state, writer);
        var overhead = writer.WrittenCount;
        serializer.Serialize(message.Item, writer);
        return (writer.WrittenSpan.ToArray(), writer.WrittenCount - overhead);
    }

    /// <exception cref="InvalidDataException">The bytes are of another format.</exception>
    public static T Read<T>(ReadOnlySpan<byte> body, IRedisQueueSerializer<T> serializer, out string? traceParent, out string? traceState)
    {
        if (body.Length < HeaderLength || body[0] != Format)
        {
            throw new InvalidDataException(body.Length < HeaderLength
                ? "The message is cut short."
                : $"The message has format {body[0]} and this node reads format {Format}; update it.");
        }

        var parentLength = body[1];
        var stateLength = BinaryPrimitives.ReadUInt16BigEndian(body[2..]);
        if (body.Length < HeaderLength + parentLength + stateLength)
        {
            throw new InvalidDataException("The message is cut short.");
        }

        traceParent = parentLength == 0 ? null : Encoding.ASCII.GetString(body.Slice(HeaderLength, parentLength));
        traceState = stateLength == 0 ? null : Encoding.UTF8.GetString(body.Slice(HeaderLength + parentLength, stateLength));
        return serializer.Deserialize(body[(HeaderLength + parentLength + stateLength)..]);
    }
}
