using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Resilience.Data;

/// <summary>
/// The bytes of the shared level: two bytes of format, one that says whether there is a value, four that name the type, four of checksum, then the value. What does
/// not fit is no entry: another version's or another type's bytes, or damaged ones.
/// </summary>
internal static class CachePayload
{
    private const int Header = 11;
    private const ushort Format = 0xFC01;

    public static byte[] Pack<T>(Cached<T> value, CacheCodec<T> codec)
    {
        var bytes = value.IsMissing ? [] : value.Bytes(codec);
        var payload = new byte[Header + bytes.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(payload, Format);
        payload[2] = value.IsMissing ? (byte)0 : (byte)1;
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(3), TypeHash<T>.Value);
        bytes.CopyTo(payload.AsSpan(Header));
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(7), Checksum(payload));
        return payload;
    }

    public static bool TryUnpack<T>(byte[] payload, CacheCodec<T> codec, int limit, out Cached<T> value, out Exception? error)
    {
        value = default;
        error = null;
        if (payload.Length < Header || payload.Length > limit + Header
            || BinaryPrimitives.ReadUInt16LittleEndian(payload) != Format
            || BinaryPrimitives.ReadUInt32LittleEndian(payload.AsSpan(3)) != TypeHash<T>.Value
            || BinaryPrimitives.ReadUInt32LittleEndian(payload.AsSpan(7)) != Checksum(payload))
        {
            return false;
        }

        try
        {
            value = payload[2] == 0 ? Cached<T>.Missing : Cached<T>.OfBytes(payload[Header..], codec);
            if (!CacheCodec<T>.IsImmutable)
            {
                // Bytes that cannot be read must show here and not on a later hit.
                value.Get();
            }

            return true;
        }
        catch (Exception exception)
        {
            error = exception;
            return false;
        }
    }

    /// <summary>Over everything but the checksum itself.</summary>
    private static uint Checksum(ReadOnlySpan<byte> payload) => Add(Add(0xFFFF_FFFF, payload[..7]), payload[Header..]);

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return crc;
    }

    private static class TypeHash<T>
    {
        public static readonly uint Value = Add(0xFFFF_FFFF, Encoding.UTF8.GetBytes(typeof(T).ToString()));
    }
}
