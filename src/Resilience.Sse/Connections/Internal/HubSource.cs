using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Resilience.Sse;

/// <summary>
/// Writes the frames of a cursor. The place inside a frame that did not fit into a slice is part of the position: the frame is kept until it is written, even when
/// the log has let it go, so that the client never sees the end of one event in another.
/// </summary>
internal sealed class HubSource(HubCursor cursor) : SseSource
{
    private const int FramesPerSlice = 256;

    [ThreadStatic]
    private static SseFrame?[]? _scratch;

    private SseFrame? _partial;
    private int _offset;
    private byte[]? _firstGap;

    public override bool HasRest => _partial is not null;

    public override HubCursor Cursor => cursor;

    public override bool Prefetch() => Volatile.Read(ref _offset) >= 0;

    /// <summary>Fixes the position from what the client sent; see <see cref="HubCursor.Open"/>.</summary>
    public ReplayStart Open(IReadOnlyList<string> channels, string? lastEventId, long head, string gapEvent)
    {
        var start = cursor.Open(channels, lastEventId, head);
        _firstGap = start.GapReason is { } reason ? Gap(gapEvent, reason, start.Channels, lastEventId) : null;
        return start;
    }

    public override byte[] Begin(int retryMilliseconds)
    {
        var head = Encoding.ASCII.GetBytes($":\nretry: {retryMilliseconds}\nid: {Id()}\n\n");
        byte[] all = _firstGap is null ? head : [.. head, .. _firstGap];
        _firstGap = null;
        return all;
    }

    public override Slice Fill(PipeWriter writer, bool single)
    {
        if (_partial is not null)
        {
            return FillRest(writer);
        }

        var frames = _scratch ??= new SseFrame?[FramesPerSlice];
        var head = cursor.Head;
        var taken = cursor.Take(frames, SliceBytes, out var lost);
        if (taken == 0)
        {
            return new Slice(0, 0, false, lost);
        }

        if (single && taken == 1 && frames[0]!.Length <= SliceBytes)
        {
            var only = frames[0]!;
            frames[0] = null;
            return new Slice(only.Length, 1, cursor.Position < head, Frame: only);
        }

        var written = 0;
        var all = new SpanWriter(writer);
        for (var i = 0; i < taken; i++)
        {
            var frame = frames[i]!;
            frames[i] = null;
            var room = SliceBytes - written;
            if (frame.Length <= room)
            {
                all.Write(frame.Bytes.Span);
                written += frame.Length;
                continue;
            }

            // Only the last one can be too long: the cursor stops at the frame that uses the slice up.
            all.Write(frame.Bytes.Span[..room]);
            all.Commit();
            _partial = frame;
            _offset = room;
            return new Slice(SliceBytes, taken - 1, true);
        }

        all.Commit();
        return new Slice(written, taken, cursor.Position < head);
    }

    public override Slice FillRest(PipeWriter writer)
    {
        if (_partial is not { } frame)
        {
            return default;
        }

        var rest = frame.Bytes.Span[_offset..];
        var length = Math.Min(rest.Length, SliceBytes);
        writer.Write(rest[..length]);
        _offset += length;
        if (length < rest.Length)
        {
            return new Slice(length, 0, true);
        }

        // Others may lie behind it.
        _partial = null;
        return new Slice(length, 1, true);
    }

    public override byte[] TellLoss(string gapEvent) => Gap(gapEvent, "evicted", cursor.AcceptLoss(), null);

    /// <summary>An id without data: the client remembers it and dispatches nothing, so a heartbeat is a checkpoint as well.</summary>
    public override byte[] Heartbeat() => Encoding.ASCII.GetBytes($"id: {Id()}\n\n");

    private byte[] Gap(string gapEvent, string reason, string[] channels, string? requested) =>
        SseEncoder.Encode(Id().ToString(), null, gapEvent, WireEvents.Gap(reason, channels, requested));

    private SseEventId Id() => new(cursor.Epoch, cursor.Position);
}
