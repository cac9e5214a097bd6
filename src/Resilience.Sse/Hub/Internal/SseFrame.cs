using System.Buffers.Text;

namespace Resilience.Sse;

/// <summary>
/// One event, encoded once and shared by all clients. Immutable after <see cref="Stamp"/>, which the hub calls under its lock before anybody else can see the
/// frame; the links belong to the hub and are guarded by its lock.
/// </summary>
internal sealed class SseFrame
{
    /// <summary>What a frame costs beside its bytes: this object, the array's header, its place in the log.</summary>
    public const int Overhead = 120;

    private const int MaxDigits = 19;

    private readonly byte[] _buffer;
    private readonly int _prefix;
    private int _start;

    private SseFrame(byte[] buffer, int prefix)
    {
        _buffer = buffer;
        _prefix = prefix;
    }

    public long Sequence { get; private set; }

    /// <summary>When the frame was appended, in milliseconds of the manager's clock.</summary>
    public long AppendedAt { get; private set; }

    public ChannelLog Channel { get; private set; } = null!;

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(_start);

    public int Length => _buffer.Length - _start;

    public int Cost => _buffer.Length + Overhead;

    public SseFrame? Older { get; set; }

    public SseFrame? Newer { get; set; }

    /// <summary>Encodes all but the sequence, for which room is left in front: the long part of the work is done outside the hub's lock.</summary>
    public static SseFrame Encode(int idPrefixLength, string? eventType, ReadOnlySpan<byte> data)
    {
        var head = idPrefixLength + MaxDigits + 1;
        var buffer = GC.AllocateUninitializedArray<byte>(head + SseEncoder.MeasureFields(eventType, data));
        SseEncoder.WriteFields(buffer.AsSpan(head), eventType, data);
        return new SseFrame(buffer, head);
    }

    /// <summary>Writes the id line in front of the fields, right-aligned.</summary>
    public void Stamp(ReadOnlySpan<byte> idPrefix, long sequence, long now, ChannelLog channel)
    {
        Span<byte> digits = stackalloc byte[MaxDigits];
        Utf8Formatter.TryFormat(sequence, digits, out var length);
        var at = _prefix - 1;
        _buffer[at] = (byte)'\n';
        at -= length;
        digits[..length].CopyTo(_buffer.AsSpan(at));
        at -= idPrefix.Length;
        idPrefix.CopyTo(_buffer.AsSpan(at));
        _start = at;
        Sequence = sequence;
        AppendedAt = now;
        Channel = channel;
    }
}
