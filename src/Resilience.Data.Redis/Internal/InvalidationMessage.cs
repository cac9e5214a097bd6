using System.Buffers;
using System.Text.Json;

namespace Resilience.Data.Redis;

/// <summary>What nodes tell each other: an array of the sender, the keys and the tags.</summary>
internal static class InvalidationMessage
{
    public static byte[] Pack(string origin, IEnumerable<string> keys, IEnumerable<string> tags)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartArray();
        writer.WriteStringValue(origin);
        foreach (var names in new[] { keys, tags })
        {
            writer.WriteStartArray();
            foreach (var name in names)
            {
                writer.WriteStringValue(name);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Gives null for a message of this node. One that cannot be read means that something was missed: everything local is to go.</summary>
    public static SharedInvalidation? Unpack(byte[]? message, string self)
    {
        try
        {
            using var document = JsonDocument.Parse(message);
            var parts = document.RootElement;
            return parts[0].GetString() == self ? null : new SharedInvalidation(Names(parts[1]), Names(parts[2]));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or IndexOutOfRangeException or ArgumentException)
        {
            return new SharedInvalidation([], [], IsReset: true);
        }
    }

    private static string[] Names(JsonElement array) => [.. array.EnumerateArray().Select(static e => e.GetString()!)];
}
