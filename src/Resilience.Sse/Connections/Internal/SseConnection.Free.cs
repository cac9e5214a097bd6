using Resilience.Cleanup;

namespace Resilience.Sse;

/// <summary>
/// What a connection holds is in a scope, in the order in which it was taken: the slot first, so it is given back last, when nothing else of the connection is left.
/// </summary>
internal sealed partial class SseConnection
{
    private readonly CleanupScope _scope = node.Scopes.Create();
    private bool _opened;
    private bool _counted;

    /// <summary>The slot is taken: from here on the scope gives it back.</summary>
    public void Register()
    {
        Cursor = new HubCursor(node.Hub, this, node.Options.MaxChannelsPerConnection);
        node.Register(this);
        _scope.Defer(this, static c => c.Release(), "slot");
        _scope.Defer(this, static c => c.Detach(), "subscriptions, wheel, abort");
    }

    /// <summary>The handler has accepted; nothing has been written yet.</summary>
    public void MarkOpened()
    {
        _opened = true;
        _counted = node.Metrics.ActiveEnabled;
        if (_counted)
        {
            node.Metrics.Active(settings.Name, 1);
        }

        node.CountOpened(settings.Name);
        SseLog.StreamOpened(node.Logger, Id, settings.Name);
        node.NotifyOpened(this);
    }

    /// <summary>Frees everything, whatever happened before. Called by the connection's own flow, at the end; only the first call does something.</summary>
    public async Task FreeAsync()
    {
        TryClose(SseCloseReason.ClientClosed);
        var report = await _scope.CleanupAsync(Reason(CloseReason)).ConfigureAwait(Systematic.KeepContext);
        if (report.Failed + report.TimedOut > 0)
        {
            SseLog.CleanupIncomplete(node.Logger, Id, report.Failed + report.TimedOut, report.Steps);
        }
    }

    private static CleanupReason Reason(SseCloseReason reason) => reason switch
    {
        SseCloseReason.ClientClosed => CleanupReason.ClientClosed,
        SseCloseReason.Stale or SseCloseReason.SlowConsumer or SseCloseReason.SendFailed => CleanupReason.TransportError,
        SseCloseReason.Timeout => CleanupReason.Timeout,
        SseCloseReason.Shutdown => CleanupReason.ServerShutdown,
        SseCloseReason.Faulted or SseCloseReason.ProducerFailed => CleanupReason.Faulted,
        SseCloseReason.None or SseCloseReason.Completed or SseCloseReason.Refused => CleanupReason.Unspecified,
        _ => CleanupReason.Kicked,
    };

    private void HoldStream(SseSource source)
    {
        if (source is IAsyncDisposable producer)
        {
            _scope.Use(producer, "producer");
        }
    }

    /// <summary>From here on neither a channel nor the wheel nor the transport knows the connection. Nothing in it can fail.</summary>
    private void Detach()
    {
        Cursor.Close();
        node.Wheel.Remove(this);
        _abort.Unregister();
    }

    private void Release()
    {
        Volatile.Write(ref _state, (byte)SseConnectionState.Closed);

        // Counted before the slot is free: who sees the slot free sees the counts. Whoever listens must not be able to keep the slot.
        if (_opened)
        {
            Telling.Guard(() => node.Endings.Write(this));
            Telling.Guard(CountEnd);
        }

        node.Release(this);
        if (_opened)
        {
            node.NotifyClosed(this);
        }
    }

    private void CountEnd()
    {
        if (_counted)
        {
            node.Metrics.Active(settings.Name, -1);
        }

        node.CountClosed(this);
    }
}
