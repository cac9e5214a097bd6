using StackExchange.Redis;

namespace Resilience.Queues.Redis;

/// <summary>Where the trimmed streams are. Read once, when the trimmer is first used.</summary>
public sealed class RedisStreamTrimmerOptions
{
    /// <summary>Where Redis is, in the words of StackExchange.Redis. Connections are shared by configuration.</summary>
    /// <value>None by default: <see cref="Connection"/>, or the <see cref="IConnectionMultiplexer"/> of the container.</value>
    public string? Configuration { get; set; }

    /// <summary>A connection of the application's. It stays the application's to dispose.</summary>
    /// <value>None by default.</value>
    public IConnectionMultiplexer? Connection { get; set; }

    /// <summary>The first part of the keys in which the activity of groups is noted, where <see cref="StreamRetention.StaleGroupAfter"/> is set.</summary>
    /// <value>1 to 100 characters without braces; <c>rq</c> by default.</value>
    public string KeyPrefix { get; set; } = "rq";

    /// <summary>How long one operation may take; then it fails and is tried again with the next trigger.</summary>
    /// <value>10 ms to 10 min; 5 s by default.</value>
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
