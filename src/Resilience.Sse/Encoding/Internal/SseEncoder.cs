using System.Buffers;
using System.Text;

namespace Resilience.Sse;

/// <summary>
/// Writes events in the format of the HTML standard, section 9.2. What cannot be carried unchanged is refused: line ends and NUL in names, carriage returns in
/// data, text that is no valid UTF-8. So no value can end its own line and begin another field. Stateless.
/// </summary>
internal static class SseEncoder
{
    /// <summary>Throws on lone surrogates, where the default would silently write a replacement character.</summary>
    public static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly SearchValues<char> ForbiddenInNames = SearchValues.Create("\r\n\0");

    private static ReadOnlySpan<byte> EventField => "event: "u8;

    private static ReadOnlySpan<byte> DataField => "data: "u8;

    /// <summary>Refuses what a client would parse differently from what was given.</summary>
    public static void ValidateEventType(string? eventType)
    {
        if (eventType is null)
        {
            return;
        }

        if (eventType.Length is 0 or > 200)
        {
            throw new ArgumentException($"The event type has {eventType.Length} characters; give it 1 to 200, or null for the default.", nameof(eventType));
        }

        ValidateName(eventType, nameof(eventType));
    }

    /// <summary>Refuses an id with a line end, or with NUL, which makes a client ignore the whole field.</summary>
    public static void ValidateId(string id)
    {
        if (id.Length > 1024)
        {
            throw new ArgumentException($"The event id has {id.Length} characters; 1,024 are the most.", nameof(id));
        }

        ValidateName(id, nameof(id));
    }

    /// <summary>Refuses data that a client would not get back byte by byte.</summary>
    public static void ValidateData(ReadOnlySpan<byte> data, int maxBytes)
    {
        if (data.Length > maxBytes)
        {
            throw new ArgumentException($"The payload has {data.Length} bytes; {maxBytes} are allowed (MaxEventBytes). Send a reference instead.", nameof(data));
        }

        if (data.Contains((byte)'\r'))
        {
            throw new ArgumentException(
                "The payload has a carriage return, which server-sent events cannot carry; normalise line ends to line feeds, or send JSON.", nameof(data));
        }

        if (!System.Text.Unicode.Utf8.IsValid(data))
        {
            throw new ArgumentException("The payload is no valid UTF-8; encode binary data, for example as Base64.", nameof(data));
        }
    }

    /// <summary>The bytes that <see cref="WriteFields"/> writes for these values.</summary>
    public static int MeasureFields(string? eventType, ReadOnlySpan<byte> data)
    {
        var lines = data.Count((byte)'\n') + 1;
        var type = eventType is null ? 0 : EventField.Length + Utf8.GetByteCount(eventType) + 1;
        return type + (lines * (DataField.Length + 1)) + data.Length - (lines - 1) + 1;
    }

    /// <summary>Writes event type, data and the empty line that dispatches the event. The values must have been validated.</summary>
    public static int WriteFields(Span<byte> destination, string? eventType, ReadOnlySpan<byte> data)
    {
        var rest = destination;
        if (eventType is not null)
        {
            Append(ref rest, EventField);
            rest = rest[Utf8.GetBytes(eventType, rest)..];
            Append(ref rest, "\n"u8);
        }

        while (true)
        {
            var end = data.IndexOf((byte)'\n');
            Append(ref rest, DataField);
            Append(ref rest, end < 0 ? data : data[..end]);
            Append(ref rest, "\n"u8);
            if (end < 0)
            {
                break;
            }

            data = data[(end + 1)..];
        }

        Append(ref rest, "\n"u8);
        return destination.Length - rest.Length;
    }

    /// <summary>A whole event outside the hub: an optional id and an optional reconnection time before the fields.</summary>
    public static byte[] Encode(string? id, int? retryMilliseconds, string? eventType, ReadOnlySpan<byte> data)
    {
        var head = new StringBuilder();
        if (id is not null)
        {
            head.Append("id: ").Append(id).Append('\n');
        }

        if (retryMilliseconds is { } retry)
        {
            head.Append(System.Globalization.CultureInfo.InvariantCulture, $"retry: {retry}\n");
        }

        var prefix = Utf8.GetBytes(head.ToString());
        var frame = new byte[prefix.Length + MeasureFields(eventType, data)];
        prefix.CopyTo(frame, 0);
        WriteFields(frame.AsSpan(prefix.Length), eventType, data);
        return frame;
    }

    /// <summary>A comment: every line of the text becomes a comment line, so that none can become a field.</summary>
    public static byte[] EncodeComment(string text)
    {
        var lines = text.Split(["\r\n", "\r", "\n"], StringSplitOptions.None);
        return Utf8.GetBytes(string.Concat(lines.Select(static line => $": {line}\n")) + "\n");
    }

    private static void ValidateName(string value, string parameter)
    {
        if (value.AsSpan().ContainsAny(ForbiddenInNames))
        {
            throw new ArgumentException("The value has a carriage return, a line feed or NUL; a name must be one line.", parameter);
        }

        try
        {
            _ = Utf8.GetByteCount(value);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException("The value has a lone surrogate, which UTF-8 cannot carry.", parameter, e);
        }
    }

    private static void Append(ref Span<byte> rest, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }
}
