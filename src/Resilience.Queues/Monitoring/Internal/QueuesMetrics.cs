using System.Diagnostics.Metrics;

namespace Resilience.Queues;

/// <summary>Every instrument of the package. Tags come from closed sets and from the names that the application registers. Thread-safe.</summary>
internal sealed class QueuesMetrics
{
    private static readonly InstrumentAdvice<double> LatenessBuckets = new()
    {
        HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600],
    };

    private static readonly InstrumentAdvice<double> DurationBuckets = new()
    {
        HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    };

    public QueuesMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(new MeterOptions(QueuesTelemetryNames.MeterName));
        Messages = meter.CreateGauge<long>("resilience.queues.messages", "{message}", "Messages by state at the last sample.");
        Size = meter.CreateGauge<long>("resilience.queues.size", "{message}", "Messages that count against the bound.");
        SizeMaximum = meter.CreateGauge<long>("resilience.queues.size.maximum", "{message}", "Largest size in the last 5 to 10 minutes.");
        SizeAverage = meter.CreateGauge<double>("resilience.queues.size.average", "{message}", "Average size over about 5 minutes.");
        GrowthRate = meter.CreateGauge<double>("resilience.queues.growth_rate", "{message}/s", "Growth over about a minute; negative when the queue shrinks.");
        OldestAge = meter.CreateGauge<double>("resilience.queues.oldest.age", "s", "How long the first due message has been waiting.");
        Bytes = meter.CreateGauge<long>("resilience.queues.bytes", "By", "Bytes that the store uses for the queue, estimated.");
        Enqueued = meter.CreateCounter<long>("resilience.queues.enqueued", "{message}", "Messages that were accepted.");
        Duplicates = meter.CreateCounter<long>("resilience.queues.duplicates", "{message}", "Messages whose id was known.");
        Rejected = meter.CreateCounter<long>("resilience.queues.rejected", "{message}", "Messages that were refused.");
        Claimed = meter.CreateCounter<long>("resilience.queues.claimed", "{message}", "Deliveries.");
        Redelivered = meter.CreateCounter<long>("resilience.queues.redelivered", "{message}", "Deliveries of messages whose last lease ran out.");
        Settled = meter.CreateCounter<long>("resilience.queues.settled", "{message}", "Deliveries that ended, by result.");
        StaleSettlements = meter.CreateCounter<long>("resilience.queues.settled.stale", "{message}", "Settlements of leases that somebody else had taken over.");
        Cancelled = meter.CreateCounter<long>("resilience.queues.cancelled", "{message}", "Messages that were cancelled.");
        DeadLettered = meter.CreateCounter<long>("resilience.queues.dead_lettered", "{message}", "Messages that failed for good.");
        DeadLettersDropped = meter.CreateCounter<long>("resilience.queues.dead_letters.dropped", "{message}", "Dead letters that left because there were too many.");
        Redriven = meter.CreateCounter<long>("resilience.queues.dead_letters.redriven", "{message}", "Dead letters that were put back.");
        Lateness = meter.CreateHistogram("resilience.queues.lateness", "s", "Time from due to claimed.", tags: null, LatenessBuckets);
        Processing = meter.CreateHistogram("resilience.queues.processing.duration", "s", "Time in the handler.", tags: null, DurationBuckets);
        CleanupRuns = meter.CreateCounter<long>("resilience.queues.cleanup.runs", "{run}", "Runs of the cleanup.");
        CleanupRemoved = meter.CreateHistogram<long>("resilience.queues.cleanup.removed", "{message}", "Messages that one run moved to the dead letters.");
        CleanupDuration = meter.CreateHistogram("resilience.queues.cleanup.duration", "s", "Time of one run.", tags: null, DurationBuckets);
        CleanupBacklog = meter.CreateGauge<long>("resilience.queues.cleanup.backlog", "{message}", "Expired messages that the last run left.");
        StoreErrors = meter.CreateCounter<long>("resilience.queues.store.errors", "{error}", "Operations of background loops that the store failed.");
        Trims = meter.CreateCounter<long>("resilience.queues.stream.trims", "{trim}", "Trims, by result.");
        Trimmed = meter.CreateCounter<long>("resilience.queues.stream.trimmed", "{entry}", "Entries that were removed.");
        UnreadLost = meter.CreateCounter<long>("resilience.queues.stream.unread_lost", "{entry}", "Removed entries that a group had not read and acknowledged.");
        StreamLength = meter.CreateGauge<long>("resilience.queues.stream.length", "{entry}", "Entries after the last trim.");
        StreamBytes = meter.CreateGauge<long>("resilience.queues.stream.bytes", "By", "Bytes of the stream, estimated.");
        StreamLag = meter.CreateGauge<long>("resilience.queues.stream.lag", "{entry}", "Entries that the slowest group has not read.");
        StreamBlocked = meter.CreateGauge<int>("resilience.queues.stream.blocked", "{stream}", "Streams that a group holds above their retention: 0 or 1, and for a family how many.");
        ServerMemoryUsed = meter.CreateGauge<long>("resilience.queues.server.memory.used", "By", "Memory that the server uses.");
        ServerMemoryMaximum = meter.CreateGauge<long>("resilience.queues.server.memory.maximum", "By", "The server's limit; 0 when there is none.");
        AlertActive = meter.CreateGauge<int>("resilience.queues.alert.active", "{alert}", "1 while the alert is raised.");
    }

    public Gauge<long> Messages { get; }

    public Gauge<long> Size { get; }

    public Gauge<long> SizeMaximum { get; }

    public Gauge<double> SizeAverage { get; }

    public Gauge<double> GrowthRate { get; }

    public Gauge<double> OldestAge { get; }

    public Gauge<long> Bytes { get; }

    public Counter<long> Enqueued { get; }

    public Counter<long> Duplicates { get; }

    public Counter<long> Rejected { get; }

    public Counter<long> Claimed { get; }

    public Counter<long> Redelivered { get; }

    public Counter<long> Settled { get; }

    public Counter<long> StaleSettlements { get; }

    public Counter<long> Cancelled { get; }

    public Counter<long> DeadLettered { get; }

    public Counter<long> DeadLettersDropped { get; }

    public Counter<long> Redriven { get; }

    public Histogram<double> Lateness { get; }

    public Histogram<double> Processing { get; }

    public Counter<long> CleanupRuns { get; }

    public Histogram<long> CleanupRemoved { get; }

    public Histogram<double> CleanupDuration { get; }

    public Gauge<long> CleanupBacklog { get; }

    public Counter<long> StoreErrors { get; }

    public Counter<long> Trims { get; }

    public Counter<long> Trimmed { get; }

    public Counter<long> UnreadLost { get; }

    public Gauge<long> StreamLength { get; }

    public Gauge<long> StreamBytes { get; }

    public Gauge<long> StreamLag { get; }

    public Gauge<int> StreamBlocked { get; }

    public Gauge<long> ServerMemoryUsed { get; }

    public Gauge<long> ServerMemoryMaximum { get; }

    public Gauge<int> AlertActive { get; }
}
