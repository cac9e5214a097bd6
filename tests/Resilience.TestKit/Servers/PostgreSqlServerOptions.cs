namespace Resilience.TestKit;

/// <summary>How a private PostgreSQL server runs.</summary>
public sealed record PostgreSqlServerOptions
{
    /// <summary>
    /// Whether it syncs files to the disk, as in production. Off is much faster and loses nothing on kill -9: what was committed is in the system's page cache.
    /// Only a loss of power tells the two apart.
    /// </summary>
    /// <value>false.</value>
    public bool Fsync { get; init; }

    /// <summary>Most connections at the same time.</summary>
    /// <value>200.</value>
    public int MaxConnections { get; init; } = 200;

    /// <summary>Further settings: <c>("deadlock_timeout", "50ms")</c>.</summary>
    public IReadOnlyList<(string Name, string Value)> Settings { get; init; } = [];
}
