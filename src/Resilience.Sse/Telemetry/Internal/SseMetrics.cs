using System.Diagnostics.Metrics;

namespace Resilience.Sse;

/// <summary>
/// Every instrument of the package. Thread-safe. What a listener throws goes nowhere, for it must not decide what happens to a stream; but for what is written, which is
/// counted with each delivery: there it ends the stream it was called for.
/// </summary>
internal sealed class SseMetrics
{
    private readonly UpDownCounter<long> _active;
    private readonly Counter<long> _opened;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _published;
    private readonly Counter<long> _sent;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _heartbeats;
    private readonly Counter<long> _replays;
    private readonly Counter<long> _gaps;
    private readonly Counter<long> _validations;
    private readonly Counter<long> _restarts;
    private readonly Histogram<double> _duration;
    private readonly Histogram<long> _messages;
    private readonly Histogram<double> _tick;
    private readonly Gauge<long> _historyBytes;
    private readonly Gauge<int> _channels;
    private readonly Gauge<int> _alert;

    public SseMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(SseTelemetryNames.MeterName);
        _active = meter.CreateUpDownCounter<long>("resilience.sse.connections.active", "{connection}", "Streams that are open.");
        _opened = meter.CreateCounter<long>("resilience.sse.connections.opened", "{connection}", "Streams opened.");
        _closed = meter.CreateCounter<long>("resilience.sse.connections.closed", "{connection}", "Streams ended.");
        _rejected = meter.CreateCounter<long>("resilience.sse.connections.rejected", "{connection}", "Connections refused.");
        _errors = meter.CreateCounter<long>("resilience.sse.errors", "{error}", "Failures of sending, validation, producers, handlers and observers.");
        _published = meter.CreateCounter<long>("resilience.sse.events.published", "{event}", "Events published on this node.");
        _sent = meter.CreateCounter<long>("resilience.sse.events.sent", "{event}", "Events written to clients.");
        _bytes = meter.CreateCounter<long>("resilience.sse.bytes.sent", "By", "Bytes written to clients, without the framing of HTTP.");
        _heartbeats = meter.CreateCounter<long>("resilience.sse.heartbeats", "{heartbeat}", "Heartbeats written.");
        _replays = meter.CreateCounter<long>("resilience.sse.replays", "{connection}", "Clients that came back with a position.");
        _gaps = meter.CreateCounter<long>("resilience.sse.gaps", "{gap}", "Gaps that clients were told of.");
        _validations = meter.CreateCounter<long>("resilience.sse.token.validations", "{validation}", "Tokens validated while the stream was open.");
        _restarts = meter.CreateCounter<long>("resilience.sse.producer.restarts", "{restart}", "Producers started again after a failure.");
        _duration = meter.CreateHistogram<double>(
            "resilience.sse.connection.duration", "s", "How long streams were open.", advice: Buckets(1d, 5, 15, 60, 300, 900, 1800, 3600, 7200, 86_400));
        _messages = meter.CreateHistogram<long>(
            "resilience.sse.connection.messages", "{event}", "Events written per stream.", advice: Buckets(0L, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000));
        _tick = meter.CreateHistogram<double>(
            "resilience.sse.wheel.tick.duration", "s", "How long one round of the wheel takes.", advice: Buckets(0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1));
        _historyBytes = meter.CreateGauge<long>("resilience.sse.history.size", "By", "Bytes that retained events take.");
        _channels = meter.CreateGauge<int>("resilience.sse.channels", "{channel}", "Channels that the hub knows.");
        _alert = meter.CreateGauge<int>("resilience.sse.alert.active", "{alert}", "1 while an alert is raised.");
    }

    /// <summary>Whether somebody listens; read once per stream, so that a listener that starts in between does not see an end without a beginning.</summary>
    public bool ActiveEnabled => _active.Enabled;

    public void Opened(string endpoint) => Add(_opened, SseTelemetryNames.EndpointTag, endpoint);

    public void Active(string endpoint, int change) =>
        Tell((_active, endpoint, change), static s => s._active.Add(s.change, Tag(SseTelemetryNames.EndpointTag, s.endpoint)));

    public void Closed(string endpoint, string reason, TimeSpan duration, long messages)
    {
        var where = Tag(SseTelemetryNames.EndpointTag, endpoint);
        var why = Tag(SseTelemetryNames.ReasonTag, reason);
        Tell((_closed, where, why), static s => s._closed.Add(1, s.where, s.why));
        Tell((_duration, duration, where, why), static s => s._duration.Record(s.duration.TotalSeconds, s.where, s.why));
        Tell((_messages, messages, where), static s => s._messages.Record(s.messages, s.where));
    }

    public void Rejected(string reason) => Add(_rejected, SseTelemetryNames.ReasonTag, reason);

    public void Error(string kind) => Add(_errors, SseTelemetryNames.KindTag, kind);

    public void Published() => Tell(_published, static published => published.Add(1));

    public void Sent(int events, int bytes)
    {
        if (events > 0 && _sent.Enabled)
        {
            _sent.Add(events);
        }

        if (_bytes.Enabled)
        {
            _bytes.Add(bytes);
        }
    }

    public void Heartbeat() => Tell(_heartbeats, static heartbeats => heartbeats.Add(1));

    public void Replay(string result) => Add(_replays, SseTelemetryNames.ResultTag, result);

    public void Gap(string reason) => Add(_gaps, SseTelemetryNames.ReasonTag, reason);

    public void Validation(string result) => Add(_validations, SseTelemetryNames.ResultTag, result);

    public void ProducerRestarted(string endpoint) => Add(_restarts, SseTelemetryNames.EndpointTag, endpoint);

    public void Tick(TimeSpan duration, long historyBytes, int channels)
    {
        Tell((_tick, duration), static s => s._tick.Record(s.duration.TotalSeconds));
        Tell((_historyBytes, historyBytes), static s => s._historyBytes.Record(s.historyBytes));
        Tell((_channels, channels), static s => s._channels.Record(s.channels));
    }

    public void Alert(string name, bool active) =>
        Tell((_alert, name, active), static s => s._alert.Record(s.active ? 1 : 0, Tag(SseTelemetryNames.AlertTag, s.name)));

    private static void Add(Counter<long> counter, string tag, string value) =>
        Tell((counter, tag, value), static s => s.counter.Add(1, Tag(s.tag, s.value)));

    private static void Tell<TState>(TState state, Action<TState> tell)
    {
        try
        {
            tell(state);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // There is nobody left to tell.
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static InstrumentAdvice<T> Buckets<T>(params T[] boundaries)
        where T : struct => new() { HistogramBucketBoundaries = boundaries };
}
