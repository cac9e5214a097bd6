namespace Resilience.Sse;

internal sealed partial class SseConnection
{
    /// <summary>How long the last frames may take to leave before the stream is cut.</summary>
    private const long CloseGraceMs = 5000;

    private static readonly CloseRequest[] Plain = [.. Enum.GetValues<SseCloseReason>().Select(static r => new CloseRequest(r, null))];

    // One reference, so that nobody sees a reason without its detail.
    private CloseRequest? _request;
    private long _closeDeadline = long.MaxValue;
    private bool _cut;
    private bool _gone;
    private CancellationTokenSource? _connecting;

    public SseCloseReason CloseReason => Volatile.Read(ref _request)?.Reason ?? SseCloseReason.None;

    private bool IsClosing => Volatile.Read(ref _request) is not null;

    /// <summary>Asks the connection to end. The first reason stands; false when there was one already.</summary>
    public bool TryClose(SseCloseReason reason, string? detail = null)
    {
        var request = detail is null ? Plain[(int)reason] : new CloseRequest(reason, detail);
        if (Interlocked.CompareExchange(ref _request, request, null) is not null)
        {
            return false;
        }

        Systematic.Interleave("sse.closing");
        Volatile.Write(ref _closeDeadline, node.Clock.Now + CloseGraceMs);
        Interlocked.CompareExchange(ref _state, (byte)SseConnectionState.Closing, (byte)SseConnectionState.Open);
        node.Wheel.VisitSoon(this);
        CancelConnecting();
        Wake();
        return true;
    }

    /// <summary>Ends the stream without last words: it stands still or its time is over. The connection's own flow does it.</summary>
    public void Cut()
    {
        Volatile.Write(ref _cut, true);
        CancelConnecting();
        Wake();
    }

    /// <summary>While the handler decides: its token, cancelled when the connection is asked to end.</summary>
    public void BeginConnecting(CancellationTokenSource source)
    {
        Volatile.Write(ref _connecting, source);
        if (IsClosing)
        {
            CancelConnecting();
        }
    }

    public void EndConnecting() => Interlocked.Exchange(ref _connecting, null);

    /// <summary>The handler's time is over. Called by its own timer.</summary>
    public void TimeOutConnecting() => Cancel(Interlocked.Exchange(ref _connecting, null));

    private void CancelConnecting()
    {
        // On the pool: the callbacks are the application's, and the caller may be the wheel.
        if (Interlocked.Exchange(ref _connecting, null) is { } source)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static s => s.Connection.Cancel(s.Source), (Connection: this, Source: source), preferLocal: false);
        }
    }

    private void Cancel(CancellationTokenSource? source)
    {
        try
        {
            source?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The handler has decided meanwhile.
        }
        catch (Exception e)
        {
            // A callback of the application on the handler's token. Nobody above could take it: it would end the process.
            node.CountError(ErrorKinds.Handler);
            SseLog.StreamFaulted(node.Logger, e, Id, settings.Name);
        }
    }

    private void OnAborted()
    {
        TryClose(GoneReason());
        Volatile.Write(ref _gone, true);
        Wake();
    }

    /// <summary>A peer that was silent for long, or read nothing for long, and is then cut by the kernel did not close: it is stale.</summary>
    private SseCloseReason GoneReason()
    {
        // When the kernel cuts, the server completes the stalled flush as if it had succeeded, and tells of the abort just after.
        var now = node.Clock.Now;
        var pending = Volatile.Read(ref _flushPendingSince);
        var stalled = pending != 0 ? now - pending >= node.FailurePeriodMs : now - Volatile.Read(ref _stalledUntil) <= Wheel.TurnMs;
        return stalled || Volatile.Read(ref _suspect) ? SseCloseReason.Stale : SseCloseReason.ClientClosed;
    }

    private byte[] LastFrames()
    {
        var retry = node.ReconnectHint();
        return CloseReasons.Error(CloseReason) is { } error
            ? SseEncoder.Encode(null, retry, node.Options.ErrorEventName, WireEvents.Error(error.Error, error.Code))
            : SseEncoder.Encode(null, retry, node.Options.CloseEventName, WireEvents.Close(Volatile.Read(ref _request)!.Detail ?? CloseReasons.Name(CloseReason)));
    }

    private sealed record CloseRequest(SseCloseReason Reason, string? Detail);
}
