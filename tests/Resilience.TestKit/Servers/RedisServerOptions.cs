namespace Resilience.TestKit;

/// <summary>How a private Redis server runs.</summary>
public sealed record RedisServerOptions
{
    /// <summary>Whether writes go to an append-only file, synced before the reply, so that what was acknowledged survives kill -9.</summary>
    /// <value>false.</value>
    public bool AppendOnly { get; init; }

    /// <summary>Memory limit in bytes; 0 for none.</summary>
    /// <value>0.</value>
    public long MaxMemory { get; init; }

    /// <summary>What happens at the limit, in Redis' own words.</summary>
    /// <value>noeviction.</value>
    public string MaxMemoryPolicy { get; init; } = "noeviction";

    /// <summary>Further settings, as on the command line without the dashes: <c>("maxclients", "50")</c>.</summary>
    public IReadOnlyList<(string Name, string Value)> Settings { get; init; } = [];
}
