using System.IO.Pipelines;

namespace Resilience.Sse;

/// <summary>
/// Writes many small pieces as one: the writer is asked for room and told of what was written once for each of its blocks, which a server's takes a lock for, and not
/// once for each piece. Nothing counts as written before <see cref="Commit"/>.
/// </summary>
internal ref struct SpanWriter(PipeWriter writer)
{
    private Span<byte> _room;
    private int _used;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > _room.Length - _used)
        {
            var fitting = _room.Length - _used;
            bytes[..fitting].CopyTo(_room[_used..]);
            bytes = bytes[fitting..];
            _used = _room.Length;
            Commit();
            _room = writer.GetSpan();
        }

        bytes.CopyTo(_room[_used..]);
        _used += bytes.Length;
    }

    public void Commit()
    {
        if (_used > 0)
        {
            writer.Advance(_used);
        }

        _room = default;
        _used = 0;
    }
}
