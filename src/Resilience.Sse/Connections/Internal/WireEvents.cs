using System.Buffers;
using System.Text.Json;

namespace Resilience.Sse;

/// <summary>The data of the package's own events. Stateless.</summary>
internal static class WireEvents
{
    public static byte[] Error(string error, string code) => Write((error, code), static (json, values) =>
    {
        json.WriteString("error"u8, values.error);
        json.WriteString("code"u8, values.code);
    });

    public static byte[] Close(string reason) => Write(reason, static (json, value) => json.WriteString("reason"u8, value));

    public static byte[] Gap(string reason, string[] channels, string? requested) => Write((reason, channels, requested), static (json, values) =>
    {
        json.WriteString("reason"u8, values.reason);
        json.WriteStartArray("channels"u8);
        foreach (var channel in values.channels)
        {
            json.WriteStringValue(channel);
        }

        json.WriteEndArray();

        // Echoed only when it is one of ours, or could be: nothing of a stranger's choice comes back.
        if (SseEventId.TryParse(values.requested, out var id))
        {
            json.WriteString("requested"u8, id.ToString());
        }
    });

    private static byte[] Write<TState>(TState state, Action<Utf8JsonWriter, TState> body)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            body(json, state);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
