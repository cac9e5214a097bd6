using StackExchange.Redis;

namespace Resilience.Queues.Redis;

/// <summary>The keys of a queue. The tag in braces keeps them on one node of a cluster, the number is the format's version.</summary>
internal sealed class RedisQueueKeys
{
    public const int Format = 1;

    public RedisQueueKeys(string prefix, string queue)
    {
        Version = $"{prefix}:{{{queue}}}:version";
        var start = $"{prefix}:{{{queue}}}:{Format}:";
        All = [.. Names.Select(name => (RedisKey)(start + name))];
        WithLock = [.. All, start + "lock"];
        Channel = start + "hints";
    }

    /// <summary>In the order in which the scripts take them.</summary>
    private static readonly string[] Names = ["index", "quarantine", "bodies", "states", "history", "settled", "dead", "records", "counters"];

    public RedisKey Version { get; }

    public RedisKey[] All { get; }

    public RedisKey[] WithLock { get; }

    public string Channel { get; }
}
