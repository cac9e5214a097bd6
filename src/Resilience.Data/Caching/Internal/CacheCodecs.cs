using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Data;

/// <summary>Finds the serializer of a type: a registered one, a registered factory's (the last first), text and bytes as they are, else JSON. Thread-safe.</summary>
internal sealed class CacheCodecs(IServiceProvider services)
{
    private readonly ConcurrentDictionary<Type, object> _codecs = new();
    private readonly IHybridCacheSerializerFactory[] _factories = [.. services.GetServices<IHybridCacheSerializerFactory>().Reverse()];

    public CacheCodec<T> Of<T>() =>
        (CacheCodec<T>)(_codecs.TryGetValue(typeof(T), out var codec) ? codec : _codecs.GetOrAdd(typeof(T), new CacheCodec<T>(Find<T>())));

    private IHybridCacheSerializer<T> Find<T>()
    {
        if (services.GetService<IHybridCacheSerializer<T>>() is { } registered)
        {
            return registered;
        }

        foreach (var factory in _factories)
        {
            if (factory.TryCreateSerializer<T>(out var made))
            {
                return made;
            }
        }

        return typeof(T) == typeof(string) ? (IHybridCacheSerializer<T>)(object)new TextSerializer()
            : typeof(T) == typeof(byte[]) ? (IHybridCacheSerializer<T>)(object)new BytesSerializer()
            : new JsonCacheSerializer<T>((JsonTypeInfo<T>)JsonOptions().GetTypeInfo(typeof(T)));
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Only where reflection is on; a trimmed application registers a serializer or JsonSerializerOptions.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Only where reflection is on; a trimmed application registers a serializer or JsonSerializerOptions.")]
    private JsonSerializerOptions JsonOptions() => services.GetKeyedService<JsonSerializerOptions>(typeof(FencedCache)) ?? (JsonSerializer.IsReflectionEnabledByDefault
        ? JsonSerializerOptions.Default
        : throw new NotSupportedException("Reflection is off: register an IHybridCacheSerializer<T>, or JsonSerializerOptions with a source-generated resolver under the key typeof(FencedCache)."));

    private sealed class TextSerializer : IHybridCacheSerializer<string>
    {
        public string Deserialize(ReadOnlySequence<byte> source) => Encoding.UTF8.GetString(source);

        public void Serialize(string value, IBufferWriter<byte> target) => Encoding.UTF8.GetBytes(value, target);
    }

    private sealed class BytesSerializer : IHybridCacheSerializer<byte[]>
    {
        public byte[] Deserialize(ReadOnlySequence<byte> source) => source.ToArray();

        public void Serialize(byte[] value, IBufferWriter<byte> target) => target.Write(value);
    }

    private sealed class JsonCacheSerializer<T>(JsonTypeInfo<T> type) : IHybridCacheSerializer<T>
    {
        public T Deserialize(ReadOnlySequence<byte> source)
        {
            var reader = new Utf8JsonReader(source);
            return JsonSerializer.Deserialize(ref reader, type)!;
        }

        public void Serialize(T value, IBufferWriter<byte> target)
        {
            using var writer = new Utf8JsonWriter(target);
            JsonSerializer.Serialize(writer, value, type);
        }
    }
}
