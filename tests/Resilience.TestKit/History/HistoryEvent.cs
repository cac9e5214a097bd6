namespace Resilience.TestKit.History;

/// <summary>Something that happened, in the order of the whole run.</summary>
public abstract record HistoryEvent
{
    /// <summary>A publisher begins to publish an item with this content.</summary>
    public sealed record PublishInvoked(long Id, long Hash) : HistoryEvent;

    /// <summary>The log confirmed it.</summary>
    public sealed record PublishConfirmed(long Id, StreamPosition At) : HistoryEvent;

    /// <summary>The publisher knows that it was not stored. An invocation with neither outcome may have been stored.</summary>
    public sealed record PublishFailed(long Id) : HistoryEvent;

    /// <summary>The log dropped everything before this entry.</summary>
    public sealed record Trimmed(StreamPosition Oldest) : HistoryEvent;

    /// <summary>The log began anew.</summary>
    public sealed record EpochChanged(string Epoch) : HistoryEvent;

    /// <summary>A documented limit allows this session a reset (window exceeded, source unavailable).</summary>
    public sealed record LimitReached(string Session) : HistoryEvent;

    /// <summary>The server accepted a connection of a client: its generation counts up, and it goes on after this position.</summary>
    public sealed record Opened(string Session, int Generation, StreamPosition From) : HistoryEvent;

    /// <summary>The server delivered an item.</summary>
    public sealed record Delivered(string Session, int Generation, StreamPosition At, long Hash) : HistoryEvent;

    /// <summary>The client took an item over; what it would name as its position when it connects again.</summary>
    public sealed record Processed(string Session, StreamPosition At) : HistoryEvent;

    /// <summary>The server told the client that something is missing, and that it goes on after this position.</summary>
    public sealed record Reset(string Session, int Generation, StreamPosition To, string Reason) : HistoryEvent;

    /// <summary>A connection ended.</summary>
    public sealed record Closed(string Session, int Generation) : HistoryEvent;

    /// <summary>Everything is at rest, and this is the last entry of the log.</summary>
    public sealed record AtRest(StreamPosition Head) : HistoryEvent;
}
