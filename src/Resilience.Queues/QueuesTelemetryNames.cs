namespace Resilience.Queues;

/// <summary>The names under which this package can be observed. The instruments are listed in <c>docs/queues.md</c> and <c>docs/stream-trimmer.md</c>.</summary>
public static class QueuesTelemetryNames
{
    /// <summary>The meter.</summary>
    public const string MeterName = "Resilience.Queues";

    /// <summary>The activity source: one activity for each handled delivery.</summary>
    public const string ActivitySourceName = "Resilience.Queues";

    /// <summary>Tag: the name of the queue.</summary>
    public const string QueueTag = "queue";

    /// <summary>Tag: the kind of store, <c>memory</c> or <c>redis</c>.</summary>
    public const string BackendTag = "backend";

    /// <summary>Tag: the state of a message.</summary>
    public const string StateTag = "state";

    /// <summary>Tag: why something happened.</summary>
    public const string ReasonTag = "reason";

    /// <summary>Tag: how something ended.</summary>
    public const string ResultTag = "result";

    /// <summary>Tag: the name of an alert.</summary>
    public const string AlertTag = "alert";

    /// <summary>Tag: the name of a stream, as it was registered.</summary>
    public const string StreamTag = "stream";

    /// <summary>Alert: the queue is nearly full.</summary>
    public const string SizeAlert = "size";

    /// <summary>Alert: the queue refused a message.</summary>
    public const string RejectedAlert = "rejected";

    /// <summary>Alert: dead letters had to leave because there were too many.</summary>
    public const string DeadLettersAlert = "dead_letters_dropped";

    /// <summary>Alert: the store cannot be reached.</summary>
    public const string StoreAlert = "store";

    /// <summary>Alert: a stream lost entries that a consumer group had not read and acknowledged.</summary>
    public const string UnreadLostAlert = "unread_lost";

    /// <summary>Alert: a stream is above its retention because of a consumer group.</summary>
    public const string BlockedAlert = "blocked";

    /// <summary>Alert: the server's memory is nearly used up.</summary>
    public const string MemoryAlert = "server_memory";
}
