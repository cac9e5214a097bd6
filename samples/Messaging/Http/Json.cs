using System.Text.Json;

namespace Messaging.Http;

/// <summary>One set of JSON rules for answers and for events, so that both carry the same text.</summary>
internal static class Json
{
    internal static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    internal static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);
}
