namespace Resilience.Queues;

/// <summary>What a trim asks of a store.</summary>
/// <param name="Key">The stream.</param>
/// <param name="Retention">What is kept.</param>
/// <param name="MaxEntries">Entries that go at most.</param>
public readonly record struct TrimRequest(string Key, StreamRetention Retention, int MaxEntries);

/// <summary>How a trim ended.</summary>
public enum TrimStatus
{
    /// <summary>The stream was looked at, and trimmed where there was something to trim.</summary>
    Done,

    /// <summary>There is no such stream.</summary>
    Missing,

    /// <summary>The key holds something else.</summary>
    WrongType,
}

/// <summary>What a trim did and saw.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Removed">Entries that were removed.</param>
/// <param name="Length">Entries that are left.</param>
/// <param name="Bytes">Bytes of the stream, estimated; -1 when not known.</param>
/// <param name="Lag">Entries that the slowest group has not read; -1 when not known, 0 without groups.</param>
/// <param name="UnreadLost">Removed entries that a group had not read and acknowledged: the largest number over the groups.</param>
/// <param name="Blocked">Whether a group holds the stream above its retention.</param>
/// <param name="StaleGroups">Groups that protect nothing any more.</param>
public readonly record struct TrimResult(
    TrimStatus Status, long Removed, long Length, long Bytes, long Lag, long UnreadLost, bool Blocked, int StaleGroups);

/// <summary>Memory of the server.</summary>
/// <param name="Used">Bytes in use.</param>
/// <param name="Maximum">The limit in bytes; 0 when there is none.</param>
/// <param name="EvictionPolicy">What the server does at the limit, in its own words.</param>
public readonly record struct ServerMemory(long Used, long Maximum, string EvictionPolicy);

/// <summary>The server of the streams. Thread-safe.</summary>
public interface IStreamTrimStore
{
    /// <summary>Looks at a stream and trims it by at most one command.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Ends the waiting, not necessarily the operation.</param>
    /// <returns>What was done.</returns>
    ValueTask<TrimResult> TrimAsync(TrimRequest request, CancellationToken cancellationToken = default);

    /// <summary>Reads the server's memory.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The figures.</returns>
    ValueTask<ServerMemory> GetMemoryAsync(CancellationToken cancellationToken = default);
}
