using System.Text.Json.Serialization.Metadata;
using StackExchange.Redis;

namespace Resilience.Queues.Redis;

/// <summary>Options of the store on Redis. Read once, when the queue is first used.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
public sealed class RedisQueueOptions<T>
{
    /// <summary>Where Redis is, in the words of StackExchange.Redis: <c>host:port,password=...</c>. Connections are shared by configuration.</summary>
    /// <value>None by default: <see cref="Connection"/>, or the <see cref="IConnectionMultiplexer"/> of the container.</value>
    public string? Configuration { get; set; }

    /// <summary>A connection of the application's. It stays the application's to dispose.</summary>
    /// <value>None by default.</value>
    public IConnectionMultiplexer? Connection { get; set; }

    /// <summary>The first part of every key: <c>prefix:{queue}:1:...</c>.</summary>
    /// <value>1 to 100 characters without braces; <c>rq</c> by default.</value>
    public string KeyPrefix { get; set; } = "rq";

    /// <summary>How items are written as JSON. Not needed for text and bytes.</summary>
    /// <value>None by default.</value>
    public JsonTypeInfo<T>? JsonTypeInfo { get; set; }

    /// <summary>How items are written otherwise.</summary>
    /// <value>None by default.</value>
    public IRedisQueueSerializer<T>? Serializer { get; set; }

    /// <summary>How long one operation may take; then it fails, and whether it was done is open.</summary>
    /// <value>10 ms to 10 min; 5 s by default.</value>
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(5);

    internal IRedisQueueSerializer<T> ChooseSerializer(string queue)
    {
        if (Serializer is not null)
        {
            return Serializer;
        }

        if (JsonTypeInfo is not null)
        {
            return new JsonQueueSerializer<T>(JsonTypeInfo);
        }

        object? known = typeof(T) == typeof(string) ? new TextSerializer()
            : typeof(T) == typeof(byte[]) || typeof(T) == typeof(ReadOnlyMemory<byte>) ? new BytesSerializer()
            : null;
        return known as IRedisQueueSerializer<T>
            ?? throw new InvalidOperationException($"The queue '{queue}' does not know how to write {typeof(T)}; set JsonTypeInfo or Serializer in UseRedis.");
    }
}
