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
    private HubCursor? _cursor;
    private SseSource? _source;
    private int _state = (int)SseConnectionState.Connecting;
    private long _lastActivity = node.Clock.Now;
    private long _events;
    private long _bytes;
    private long _received;
    private long _errors;
    private long _validations;
    private int _sendFailures;
    private int _validationFailures;
    private int _producerFailures;

    public Guid Id { get; } = SseNode.NewConnectionId();

    /// <summary>One for all who ask, and who ask first may be the manager: a permission that ends while the handler decides is noted in it.</summary>
    public HubCursor Cursor => Volatile.Read(ref _cursor) ?? MakeCursor();

    public SseEndpointSettings Settings => settings;

    public ClaimsPrincipal User => user;

    public string Key => key;

    public string Network => network;

    public string? Address => address;

    public string? UserId { get; } = node.Keys.UserId(user);

    /// <summary>The newest sequence when the slot was taken: where a client without a position begins.</summary>
    public long HeadAtConnect { get; } = node.Hub.Head;

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

    private HubCursor MakeCursor()
    {
        var made = new HubCursor(node.Hub, this, node.Options.MaxChannelsPerConnection);
        return Interlocked.CompareExchange(ref _cursor, made, null) ?? made;
    }

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
