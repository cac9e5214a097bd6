using System.Security.Claims;

namespace Resilience.Sse;

/// <summary>
/// One connection, from the moment its slot is taken. Its own flow, the request's, is the only one that touches the HttpContext, writes, and frees; everybody else
/// (the wheel, the manager, the pump, the transport's abort) sets a flag and wakes it. Thread-safe in this sense; one compare-and-swap decides why it ends.
/// </summary>
internal sealed partial class SseConnection(SseNode node, SseEndpointSettings settings, string key, string network, string? address, ClaimsPrincipal user) : WakeSignal
{
    private readonly long _connectedAt = node.Clock.Now;
    private string[] _tags = [];
    private SseSource? _source;
    private byte _state = (byte)SseConnectionState.Connecting;
    private long _lastActivity = node.Clock.Now;
    private long _events;
    private long _bytes;
    private int _received;
    private int _errors;
    private int _validations;
    private int _sendFailures;
    private int _validationFailures;
    private int _producerFailures;

    public Guid Id { get; } = SseNode.NewConnectionId();

    /// <summary>Made before anybody else knows the connection: a client without a position begins where it stands then, and what is taken away while the handler decides is noted in it.</summary>
    public HubCursor Cursor { get; private set; } = null!;

    public SseEndpointSettings Settings => settings;

    public ClaimsPrincipal User => user;

    public string Key => key;

    public string Network => network;

    public string? Address => address;

    public string? UserId { get; } = node.Keys.UserId(user);

    public SseConnectionState State => (SseConnectionState)Volatile.Read(ref _state);

    public TimeSpan Age => TimeSpan.FromMilliseconds(node.Clock.Now - _connectedAt);

    public long Events => Volatile.Read(ref _events);

    public long Bytes => Volatile.Read(ref _bytes);

    public long Errors => Volatile.Read(ref _errors);

    /// <summary>Adds a mark that <see cref="SseTarget.Tag"/> finds. Called by the connection's own flow.</summary>
    public void Tag(string tag)
    {
        if (!_tags.Contains(tag, StringComparer.Ordinal))
        {
            Volatile.Write(ref _tags, [.. _tags, tag]);
        }
    }

    public bool Matches(in SseTarget target) => target.Kind switch
    {
        SseTargetKind.All => true,
        SseTargetKind.Connection => Id == target.ConnectionId,
        SseTargetKind.User => string.Equals(UserId, target.Value, StringComparison.Ordinal),
        SseTargetKind.Tag => Volatile.Read(ref _tags).Contains(target.Value, StringComparer.Ordinal),
        SseTargetKind.Channel => Cursor.Has(target.Value!),
        _ => false,
    };

    public void CountReceived() => Interlocked.Increment(ref _received);

    public SseConnectionInfo Describe() => new()
    {
        Id = Id,
        Endpoint = settings.Name,
        RemoteAddress = address,
        UserId = UserId,
        Channels = Cursor.Channels,
        Tags = Volatile.Read(ref _tags),
        ConnectedAt = node.Clock.At(_connectedAt),
        LastActivity = node.Clock.At(Volatile.Read(ref _lastActivity)),
        EventsSent = Events,
        BytesSent = Bytes,
        MessagesReceived = _source?.Cursor is null ? Volatile.Read(ref _received) : Events,
        TokenValidations = Volatile.Read(ref _validations),
        Errors = Errors,
        ConsecutiveErrors = Math.Max(Volatile.Read(ref _sendFailures), Math.Max(Volatile.Read(ref _validationFailures), Volatile.Read(ref _producerFailures))),
        Position = _source?.Cursor is { } cursor ? new SseEventId(node.Hub.Epoch.Text, cursor.Position) : null,
        State = State,
        CloseReason = CloseReason,
    };
}
