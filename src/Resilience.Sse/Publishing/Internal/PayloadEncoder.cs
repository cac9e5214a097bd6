using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Resilience.Sse;

/// <summary>Turns items into frames: strings as they are, everything else as JSON. Thread-safe.</summary>
internal sealed class PayloadEncoder<T>(SseManagerOptions options, IServiceProvider services, JsonTypeInfo<T>? typeInfo)
{
    private JsonTypeInfo<T>? _typeInfo = typeInfo;

    public byte[] Encode(string? id, int? retry, string? eventType, T item)
    {
        var data = item is string text ? SseEncoder.Utf8.GetBytes(text) : JsonSerializer.SerializeToUtf8Bytes(item, TypeInfo());
        SseEncoder.ValidateEventType(eventType);
        SseEncoder.ValidateData(data, options.MaxEventBytes);
        if (id is not null)
        {
            SseEncoder.ValidateId(id);
        }

        return SseEncoder.Encode(id, retry, eventType, data);
    }

    private JsonTypeInfo<T> TypeInfo() => _typeInfo ??= JsonMetadata.Get<T>(options, services);
}

/// <summary>Finds the JSON metadata of a type. Stateless.</summary>
internal static class JsonMetadata
{
    public static JsonTypeInfo<T> Get<T>(SseManagerOptions options, IServiceProvider services)
    {
        var serializer = options.SerializerOptions ?? services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        return (JsonTypeInfo<T>)serializer.GetTypeInfo(typeof(T));
    }
}
