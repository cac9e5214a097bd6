using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Resilience.Storage.Internal;

/// <summary>Lists and rows as the JSON text that a statement takes as one parameter.</summary>
internal static class JsonParameter
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static string List(IEnumerable<string> values) => Write(values, static (writer, all) =>
    {
        foreach (var value in all)
        {
            writer.WriteStringValue(value);
        }
    });

    /// <summary>One array per row; a value is a string, a number or null.</summary>
    public static string Rows<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> writeRow) => Write((items, writeRow), static (writer, state) =>
    {
        foreach (var item in state.items)
        {
            writer.WriteStartArray();
            state.writeRow(writer, item);
            writer.WriteEndArray();
        }
    });

    private static string Write<TState>(TState state, Action<Utf8JsonWriter, TState> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            writer.WriteStartArray();
            write(writer, state);
            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
