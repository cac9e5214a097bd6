namespace Resilience.Data.Testing;

/// <summary>Settings of the list of unused indexes.</summary>
public sealed record UnusedIndexOptions
{
    /// <summary>Gets how long the server must have counted before its word is taken (PostgreSQL).</summary>
    /// <value>Default 7 d; zero in tests.</value>
    public TimeSpan MinimumAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Gets the size below which an index is not listed (PostgreSQL).</summary>
    /// <value>Default 0 bytes.</value>
    public long MinimumBytes { get; init; }
}
