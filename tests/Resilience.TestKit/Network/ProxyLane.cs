namespace Resilience.TestKit;

/// <summary>One direction of a <see cref="TcpProxy"/>. All members may be used at any time, from any thread, and hold for all its connections.</summary>
public sealed class ProxyLane
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _stalled;
    private TaskCompletionSource _halfClose = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;
    private long _cutAt = long.MaxValue;
    private long _delayTicks;
    private volatile bool _discard;

    internal ProxyLane(TimeProvider timeProvider) => TimeProvider = timeProvider;

    /// <summary>How long each piece of data is held back. Data that follows is not slowed down: this is latency, not bandwidth.</summary>
    /// <value>0.</value>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    /// <summary>Whether data is read and thrown away: the sender is content, the receiver hears nothing. A lost reply.</summary>
    /// <value>false.</value>
    public bool Discard
    {
        get => _discard;
        set => _discard = value;
    }

    /// <summary>Number of bytes that were passed on, over all connections.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether it is stalled.</summary>
    public bool IsStalled
    {
        get
        {
            lock (_gate)
            {
                return _stalled is not null;
            }
        }
    }

    internal TimeProvider TimeProvider { get; }

    /// <summary>Completes when the halves that exist now are told to close.</summary>
    internal Task HalfClosing
    {
        get
        {
            lock (_gate)
            {
                return _halfClose.Task;
            }
        }
    }

    /// <summary>Stops reading and passing on: the sender's window fills up, the receiver waits. Connections stay open.</summary>
    public void Stall()
    {
        lock (_gate)
        {
            _stalled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Ends a stall; nothing was lost.</summary>
    public void Resume()
    {
        TaskCompletionSource? stalled;
        lock (_gate)
        {
            (stalled, _stalled) = (_stalled, null);
        }

        stalled?.TrySetResult();
    }

    /// <summary>Resets a connection, both sides, when exactly this many of its bytes have been passed on in this direction.</summary>
    /// <param name="bytes">Counted for each connection from its start; 0 resets it at its first byte.</param>
    public void CutAfter(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Interlocked.Exchange(ref _cutAt, bytes);
    }

    /// <summary>Takes <see cref="CutAfter"/> back for connections that have not reached it.</summary>
    public void CutNoMore() => Interlocked.Exchange(ref _cutAt, long.MaxValue);

    /// <summary>Closes this direction of the open connections (FIN to the receiver, after what was already read); the other direction stays open.</summary>
    public void HalfClose()
    {
        TaskCompletionSource closing;
        lock (_gate)
        {
            (closing, _halfClose) = (_halfClose, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        closing.TrySetResult();
    }

    internal async ValueTask PassAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task? stalled;
            lock (_gate)
            {
                stalled = _stalled?.Task;
            }

            if (stalled is null)
            {
                return;
            }

            await stalled.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How many of the next bytes of a connection may still pass before it is cut.</summary>
    internal int Allowance(long passed, int length) => (int)Math.Clamp(Interlocked.Read(ref _cutAt) - passed, 0, length);

    internal void Count(int bytes) => Interlocked.Add(ref _bytes, bytes);
}
