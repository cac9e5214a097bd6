namespace Resilience.Sse;

/// <summary>The sums since the start, beside the metrics, for the health check and for applications without a metrics pipeline.</summary>
internal sealed partial class SseNode
{
    private readonly long[] _closed = new long[Enum.GetValues<SseCloseReason>().Length];
    private readonly long[] _rejected = new long[RejectReasons.All.Length];
    private readonly long[] _errors = new long[ErrorKinds.All.Length];
    private long _opened;
    private long _published;
    private long _eventsSent;
    private long _bytesSent;

    public void CountOpened(string endpoint)
    {
        Interlocked.Increment(ref _opened);
        Alerts.CountOpened();
        Metrics.Opened(endpoint);
    }

    public void CountClosed(SseConnection connection)
    {
        Interlocked.Increment(ref _closed[(int)connection.CloseReason]);

        // Summed at the end of each stream and not with each event, which would be one contended word for all deliveries.
        Interlocked.Add(ref _eventsSent, connection.Events);
        Interlocked.Add(ref _bytesSent, connection.Bytes);
        Alerts.CountEnded(CloseReasons.IsError(connection.CloseReason));
        Metrics.Closed(connection.Settings.Name, CloseReasons.Name(connection.CloseReason), connection.Age, connection.Events);
    }

    public void CountRejected(string reason)
    {
        Interlocked.Increment(ref _rejected[Array.IndexOf(RejectReasons.All, reason)]);
        Metrics.Rejected(reason);
        SseLog.Rejected(Logger, reason);
    }

    public void CountError(string kind)
    {
        Interlocked.Increment(ref _errors[Array.IndexOf(ErrorKinds.All, kind)]);
        Metrics.Error(kind);
    }

    public void CountPublished()
    {
        Interlocked.Increment(ref _published);
        Metrics.Published();
    }

    public SseStatistics Statistics() => new()
    {
        Active = ConnectionCount,
        Opened = Interlocked.Read(ref _opened),
        Closed = Enum.GetValues<SseCloseReason>().Where(static r => r != SseCloseReason.None)
            .ToDictionary(CloseReasons.Name, r => Interlocked.Read(ref _closed[(int)r])),
        Rejected = Named(RejectReasons.All, _rejected),
        Errors = Named(ErrorKinds.All, _errors),
        Stale = Interlocked.Read(ref _closed[(int)SseCloseReason.Stale]),
        EventsPublished = Interlocked.Read(ref _published),
        EventsSent = Interlocked.Read(ref _eventsSent) + Open().Sum(static c => c.Events),
        BytesSent = Interlocked.Read(ref _bytesSent) + Open().Sum(static c => c.Bytes),
        HistoryBytes = Hub.RetainedBytes,
        Channels = Hub.ChannelCount,
        ErrorRatio = Alerts.ErrorRatio,
        ErrorRatioAlert = Alerts.ErrorRatioActive,
        UnprocessedForwardingHeaders = Alerts.ForwardingHeadersActive,
    };

    private IEnumerable<SseConnection> Open() => Connections.Where(static c => c.State != SseConnectionState.Closed);

    private static Dictionary<string, long> Named(string[] names, long[] values)
    {
        var result = new Dictionary<string, long>(names.Length);
        for (var i = 0; i < names.Length; i++)
        {
            result[names[i]] = Interlocked.Read(ref values[i]);
        }

        return result;
    }
}
