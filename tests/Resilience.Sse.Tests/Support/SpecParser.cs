using System.Globalization;
using System.Text;

namespace Resilience.Sse.Tests.Support;

internal readonly record struct ParsedEvent(string Type, string Data, string LastEventId);

/// <summary>
/// A parser written from the HTML standard, section 9.2.6, and from nothing else, so that it shares no mistake with the framework's. Bytes in, events out.
/// </summary>
internal sealed class SpecParser
{
    private readonly Decoder _decoder = new UTF8Encoding(false, false).GetDecoder();
    private readonly StringBuilder _line = new();
    private readonly StringBuilder _data = new();
    private string _type = string.Empty;
    private string _id = string.Empty;
    private bool _first = true;
    private bool _afterCr;

    public List<ParsedEvent> Events { get; } = [];

    public List<string> Comments { get; } = [];

    /// <summary>Empty lines seen: every one ends a block, dispatched or not.</summary>
    public int Blocks { get; private set; }

    public string LastEventId { get; private set; } = string.Empty;

    public long? Retry { get; private set; }

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        var chars = new char[_decoder.GetCharCount(bytes, flush: false)];
        _decoder.GetChars(bytes, chars, flush: false);
        foreach (var c in chars)
        {
            Feed(c);
        }
    }

    private void Feed(char c)
    {
        if (_first)
        {
            _first = false;
            if (c == '\uFEFF')
            {
                return;
            }
        }

        if (_afterCr)
        {
            _afterCr = false;
            if (c == '\n')
            {
                return;
            }
        }

        if (c is '\r' or '\n')
        {
            _afterCr = c == '\r';
            Line(_line.ToString());
            _line.Clear();
            return;
        }

        _line.Append(c);
    }

    private void Line(string line)
    {
        if (line.Length == 0)
        {
            Dispatch();
            return;
        }

        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon == 0)
        {
            Comments.Add(line[1..]);
            return;
        }

        var field = colon < 0 ? line : line[..colon];
        var value = colon < 0 ? string.Empty : line[(colon + 1)..];
        if (value.StartsWith(' '))
        {
            value = value[1..];
        }

        switch (field)
        {
            case "event":
                _type = value;
                break;
            case "data":
                _data.Append(value).Append('\n');
                break;
            case "id" when !value.Contains('\0', StringComparison.Ordinal):
                _id = value;
                break;
            case "retry" when value.Length > 0 && value.All(char.IsAsciiDigit):
                Retry = long.Parse(value, CultureInfo.InvariantCulture);
                break;
        }
    }

    private void Dispatch()
    {
        Blocks++;
        LastEventId = _id;
        if (_data.Length == 0)
        {
            _type = string.Empty;
            return;
        }

        _data.Length--;
        Events.Add(new ParsedEvent(_type.Length == 0 ? "message" : _type, _data.ToString(), LastEventId));
        _data.Clear();
        _type = string.Empty;
    }
}
