using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Resilience.Cleanup;

namespace Resilience.Sse;

/// <summary>What all connections of this node share: the hub, the registry, the limits, the wheel, the sums. Thread-safe; one per container.</summary>
internal sealed partial class SseNode
{
    private readonly ConcurrentDictionary<Guid, SseConnection> _connections = new();
    private readonly ISseConnectionObserver[] _observers;

    public SseNode(
        IOptions<SseManagerOptions> options,
        TimeProvider time,
        SseMetrics metrics,
        ILogger<ISseManager> logger,
        TokenRevalidator revalidator,
        CleanupScopeFactory scopes,
        IEnumerable<ISseConnectionObserver> observers,
        ISseKeySelector? keySelector = null)
    {
        Options = options.Value;
        Metrics = metrics;
        Logger = new QuietLogger(logger);
        Revalidator = revalidator;
        Scopes = scopes;
        _observers = [.. observers];
        Clock = new SseClock(time, new Random(RandomNumberGenerator.GetInt32(int.MaxValue)));
        Hub = new SseHub(Clock, Limits(Options), new HubEpoch(Clock.NewEpochText()));
        Limiter = new ConnectionLimiter(Options.MaxConnections, Options.MaxConnectionsPerKey, Options.MaxConnectionsPerAddress);
        Attempts = new AttemptLimiter(Options.AttemptsPerSecond, Options.AttemptBurst);
        Keys = new KeyResolver(Options.KeySelector, Options.UserIdClaimType, keySelector);
        Wheel = new Wheel(Clock);
        Endings = new EndingLog(Logger);
        Alerts = new SseAlerts(this);
        FailurePeriodMs = Math.Max(1, (long)Options.StaleTimeout.TotalMilliseconds / Options.MaxConsecutiveFailures);
        Revalidator.Attach(this);
    }

    public SseManagerOptions Options { get; }

    public SseMetrics Metrics { get; }

    public ILogger Logger { get; }

    public SseClock Clock { get; }

    public SseHub Hub { get; }

    public ConnectionLimiter Limiter { get; }

    public AttemptLimiter Attempts { get; }

    public KeyResolver Keys { get; }

    public Wheel Wheel { get; }

    public TokenRevalidator Revalidator { get; }

    public CleanupScopeFactory Scopes { get; }

    public EndingLog Endings { get; }

    public SseAlerts Alerts { get; }

    /// <summary>A flush that is still pending after this long is one failure.</summary>
    public long FailurePeriodMs { get; }

    public ICollection<SseConnection> Connections => _connections.Values;

    public int ConnectionCount => _connections.Count;

    public static Guid NewConnectionId()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return new Guid(bytes);
    }

    public SseConnection? Find(Guid id) => _connections.GetValueOrDefault(id);

    public void Register(SseConnection connection) => _connections.TryAdd(connection.Id, connection);

    /// <summary>Forgets a connection and gives its slot back.</summary>
    public void Release(SseConnection connection)
    {
        if (_connections.TryRemove(connection.Id, out _))
        {
            Limiter.Release(connection.Key, connection.Network);
            Systematic.Interleave("sse.released");
            SignalIfEmpty();
        }
    }

    /// <summary>What a client is told to wait, spread so that clients do not come back all at once.</summary>
    public int ReconnectHint() =>
        (int)Options.ReconnectDelay.TotalMilliseconds + Clock.Next((int)Options.ReconnectSpread.TotalMilliseconds + 1);

    /// <summary>The streams that share the transport of one that was convicted of stalling it.</summary>
    public void GraceSiblings(SseConnection convicted, long now)
    {
        if (convicted.SharedTransport is not { } transport)
        {
            return;
        }

        foreach (var connection in Connections)
        {
            if (connection != convicted && string.Equals(connection.SharedTransport, transport, StringComparison.Ordinal))
            {
                connection.Grace(now);
            }
        }
    }

    public void NotifyOpened(SseConnection connection)
    {
        foreach (var observer in _observers)
        {
            try
            {
                observer.Opened(connection.Describe());
            }
            catch (Exception e)
            {
                OnObserverFailed(e);
            }
        }
    }

    public void NotifyClosed(SseConnection connection)
    {
        foreach (var observer in _observers)
        {
            try
            {
                observer.Closed(connection.Describe());
            }
            catch (Exception e)
            {
                OnObserverFailed(e);
            }
        }
    }

    private static HubLimits Limits(SseManagerOptions options) => new()
    {
        EventsPerChannel = options.HistoryEvents,
        BytesPerChannel = options.HistoryBytes,
        AgeMilliseconds = (long)options.HistoryAge.TotalMilliseconds,
        TotalBytes = options.TotalHistoryBytes,
        IdleChannels = options.MaxIdleChannels,
        DeduplicationIds = options.DeduplicationCapacity,
        ReplayEvents = options.MaxReplayEvents,
    };

    private void OnObserverFailed(Exception exception)
    {
        CountError(ErrorKinds.Observer);
        SseLog.ObserverFailed(Logger, exception);
    }
}
