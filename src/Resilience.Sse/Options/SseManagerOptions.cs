using System.Security.Claims;
using System.Text.Json;

namespace Resilience.Sse;

/// <summary>Options of the SSE manager; validated when the host starts. All limits are per node.</summary>
public sealed class SseManagerOptions
{
    /// <summary>The connections of this node in all.</summary>
    /// <value>Default 1,000; 1 to 1,000,000.</value>
    [Bounds(1, 1_000_000)]
    public int MaxConnections { get; set; } = 1000;

    /// <summary>The connections of one key, see <see cref="KeySelector"/>.</summary>
    /// <value>Default 5; 1 to 1,000,000.</value>
    [Bounds(1, 1_000_000)]
    public int MaxConnectionsPerKey { get; set; } = 5;

    /// <summary>The connections of one remote address, whatever the key: a second limit beside a finer key.</summary>
    /// <value>Default none (null); 1 to 1,000,000.</value>
    [Bounds(1, 1_000_000)]
    public int? MaxConnectionsPerAddress { get; set; }

    /// <summary>What the limit per key and the rate of attempts are counted by. A registered <see cref="ISseKeySelector"/> takes precedence.</summary>
    /// <value>Default <see cref="SseKeyKind.RemoteAddress"/>; IPv6 addresses count by their /64 network.</value>
    public SseKeyKind KeySelector { get; set; } = SseKeyKind.RemoteAddress;

    /// <summary>What a client over a limit gets.</summary>
    /// <value>Default <see cref="SseLimitResponse.Reject"/>: 429, which a browser's EventSource takes as final.</value>
    public SseLimitResponse LimitResponse { get; set; } = SseLimitResponse.Reject;

    /// <summary>How many connection attempts per second a key may make in the long run.</summary>
    /// <value>Default 1; 0.01 to 10,000.</value>
    [Bounds(0.01, 10_000)]
    public double AttemptsPerSecond { get; set; } = 1;

    /// <summary>How many attempts a key may make at once after a rest.</summary>
    /// <value>Default 20; 1 to 10,000.</value>
    [Bounds(1, 10_000)]
    public int AttemptBurst { get; set; } = 20;

    /// <summary>How long the connect handler may take; then it is cancelled and the client gets 503.</summary>
    /// <value>Default 10 s; 100 ms to 5 min.</value>
    [TimeSpanRange("00:00:00.1", "00:05:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest silence on a stream: after it a heartbeat is written.</summary>
    /// <value>Default 15 s; 1 s to 5 min.</value>
    [TimeSpanRange("00:00:01", "00:05:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A connection without a sign of life for this long is removed. Must be longer than <see cref="HeartbeatInterval"/>.</summary>
    /// <value>Default 30 s; 2 s to 10 min.</value>
    [TimeSpanRange("00:00:02", "00:10:00")]
    public TimeSpan StaleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Failures in a row, of sending, of token validation or of the producer, after which a stream is closed.</summary>
    /// <value>Default 3; 1 to 100.</value>
    [Bounds(1, 100)]
    public int MaxConsecutiveFailures { get; set; } = 3;

    /// <summary>The longest life of a stream; then the client gets code <c>TIMEOUT</c> and comes back. See <see cref="SseEndpointOptions.MaxLifetime"/>.</summary>
    /// <value>Default 60 min; 1 s to 7 d.</value>
    [TimeSpanRange("00:00:01", "7.00:00:00")]
    public TimeSpan MaxLifetime { get; set; } = TimeSpan.FromMinutes(60);

    /// <summary>The part of the lifetime that may be taken off at random, so that clients do not come back all at once.</summary>
    /// <value>Default 0 (none); 0 to 0.5.</value>
    [Bounds(0, 0.5)]
    public double LifetimeJitter { get; set; }

    /// <summary>How often an open stream's token is validated, when an <see cref="ISseTokenValidator"/> is registered.</summary>
    /// <value>Default 60 s; 1 s to 24 h.</value>
    [TimeSpanRange("00:00:01", "1.00:00:00")]
    public TimeSpan TokenRevalidationInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one validation may take; longer is a failure.</summary>
    /// <value>Default 10 s; 100 ms to 5 min.</value>
    [TimeSpanRange("00:00:00.1", "00:05:00")]
    public TimeSpan TokenValidationTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Validations that may run at the same time.</summary>
    /// <value>Default 16; 1 to 1,000.</value>
    [Bounds(1, 1000)]
    public int MaxConcurrentValidations { get; set; } = 16;

    /// <summary>Whether a stream ends with code <c>TOKEN_EXPIRED</c> when the authentication ticket that opened it expires. Turn it off for sliding cookies.</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool CloseAtTokenExpiry { get; set; } = true;

    /// <summary>What happens to a client that fell behind the retained events.</summary>
    /// <value>Default <see cref="SseSlowClientPolicy.Disconnect"/>.</value>
    public SseSlowClientPolicy SlowClientPolicy { get; set; } = SseSlowClientPolicy.Disconnect;

    /// <summary>The largest payload of one event, in bytes.</summary>
    /// <value>Default 262,144 (256 KiB); 1,024 to 16,777,216.</value>
    [Bounds(1024, 16_777_216)]
    public int MaxEventBytes { get; set; } = 256 * 1024;

    /// <summary>Channels of one stream.</summary>
    /// <value>Default 64; 1 to 1,024.</value>
    [Bounds(1, 1024)]
    public int MaxChannelsPerConnection { get; set; } = 64;

    /// <summary>Events that a channel retains: for clients that come back and for clients that read slowly.</summary>
    /// <value>Default 4,096; 1 to 1,000,000.</value>
    [Bounds(1, 1_000_000)]
    public int HistoryEvents { get; set; } = 4096;

    /// <summary>Bytes that a channel retains; the newest event stays whatever its size.</summary>
    /// <value>Default 4,194,304 (4 MiB); 1,024 to 1,073,741,824.</value>
    [Bounds(1024, 1_073_741_824)]
    public long HistoryBytes { get; set; } = 4 << 20;

    /// <summary>How long an event is retained.</summary>
    /// <value>Default 5 min; 1 s to 24 h.</value>
    [TimeSpanRange("00:00:01", "1.00:00:00")]
    public TimeSpan HistoryAge { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes that all channels retain together, overhead included; the oldest event of all goes first.</summary>
    /// <value>Default 67,108,864 (64 MiB); 65,536 to 17,179,869,184.</value>
    [Bounds(65_536, 17_179_869_184)]
    public long TotalHistoryBytes { get; set; } = 64 << 20;

    /// <summary>Events that are replayed to one client that comes back; what is older is told as a gap.</summary>
    /// <value>Default 10,000; 0 to 10,000,000.</value>
    [Bounds(0, 10_000_000)]
    public int MaxReplayEvents { get; set; } = 10_000;

    /// <summary>Publications whose <see cref="SseMessage.DeduplicationId"/> is remembered.</summary>
    /// <value>Default 10,000; 0 (off) to 10,000,000.</value>
    [Bounds(0, 10_000_000)]
    public int DeduplicationCapacity { get; set; } = 10_000;

    /// <summary>Empty channels without subscribers that are remembered for what they lost.</summary>
    /// <value>Default 10,000; 0 to 10,000,000.</value>
    [Bounds(0, 10_000_000)]
    public int MaxIdleChannels { get; set; } = 10_000;

    /// <summary>How long clients are given to go at shutdown. Must be shorter than the host's own shutdown timeout.</summary>
    /// <value>Default 5 s; 0 to 5 min.</value>
    [TimeSpanRange("00:00:00", "00:05:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What clients are told to wait before they come back (<c>retry:</c>).</summary>
    /// <value>Default 3 s; 100 ms to 10 min.</value>
    [TimeSpanRange("00:00:00.1", "00:10:00")]
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>A random time of up to this is added to <see cref="ReconnectDelay"/> when the server ends a stream, so that clients do not come back all at once.</summary>
    /// <value>Default 5 s; 0 to 10 min.</value>
    [TimeSpanRange("00:00:00", "00:10:00")]
    public TimeSpan ReconnectSpread { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a failed producer rests before it is started again.</summary>
    /// <value>Default 1 s; 0 to 5 min.</value>
    [TimeSpanRange("00:00:00", "00:05:00")]
    public TimeSpan ProducerRestartDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Unsent bytes that the kernel may hold for a client (TCP_NOTSENT_LOWAT), so that a client that does not read is noticed. Linux only.</summary>
    /// <value>Default 16,384; 0 (off) to 16,777,216.</value>
    [Bounds(0, 16_777_216)]
    public int SendLowWatermark { get; set; } = 16 * 1024;

    /// <summary>The event type of errors.</summary>
    /// <value>Default <c>error</c>. In a browser such an event also calls <c>onerror</c>.</value>
    public string ErrorEventName { get; set; } = "error";

    /// <summary>The event type of the last event of a stream that the server ends in good order.</summary>
    /// <value>Default <c>close</c>.</value>
    public string CloseEventName { get; set; } = "close";

    /// <summary>The event type that tells a client that events were lost.</summary>
    /// <value>Default <c>sse.gap</c>.</value>
    public string GapEventName { get; set; } = "sse.gap";

    /// <summary>The claim that holds the user's id; the identity's name is the fallback.</summary>
    /// <value>Default <see cref="ClaimTypes.NameIdentifier"/>.</value>
    public string UserIdClaimType { get; set; } = ClaimTypes.NameIdentifier;

    /// <summary>How objects become JSON.</summary>
    /// <value>Default none (null): the JSON options of the application's minimal APIs.</value>
    public JsonSerializerOptions? SerializerOptions { get; set; }

    /// <summary>Called when an alert is raised or cleared, on the manager's own thread; return quickly.</summary>
    /// <value>Default none (null).</value>
    public Action<SseAlert>? OnAlert { get; set; }
}
