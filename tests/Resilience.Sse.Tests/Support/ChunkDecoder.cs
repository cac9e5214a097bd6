namespace Resilience.Sse.Tests.Support;

/// <summary>Takes the framing of HTTP/1.1 chunks off, whatever the reads are cut into.</summary>
internal sealed class ChunkDecoder
{
    private int _remaining = -1;
    private int _size;
    private bool _skipCrLf;

    public bool Terminated { get; private set; }

    public void Feed(ReadOnlySpan<byte> bytes, Action<ReadOnlySpan<byte>> content)
    {
        while (bytes.Length > 0 && !Terminated)
        {
            if (_remaining > 0)
            {
                var length = Math.Min(_remaining, bytes.Length);
                content(bytes[..length]);
                bytes = bytes[length..];
                _remaining -= length;
                if (_remaining == 0)
                {
                    _remaining = -1;
                    _skipCrLf = true;
                }

                continue;
            }

            var b = bytes[0];
            bytes = bytes[1..];
            if (b == '\r')
            {
                continue;
            }

            if (b != '\n')
            {
                _size = (_size * 16) + Convert.ToInt32(((char)b).ToString(), 16);
                continue;
            }

            if (_skipCrLf)
            {
                _skipCrLf = false;
                continue;
            }

            Terminated = _size == 0;
            _remaining = _size;
            _size = 0;
        }
    }
}
