namespace Resilience.Sse;

internal sealed partial class SseConnection
{
    private bool _opened;
    private bool _counted;

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

    /// <summary>Frees everything, whatever happened before. Called once, by the connection's own flow.</summary>
    public async ValueTask FreeAsync()
    {
        TryClose(SseCloseReason.ClientClosed);
        node.Wheel.Remove(this);
        _abort.Unregister();
        Cursor.Close();
        if (_source is { } source)
        {
            await source.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
        }

        Volatile.Write(ref _state, (int)SseConnectionState.Closed);
        node.Release(this);
        if (!_opened)
        {
            return;
        }

        if (_counted)
        {
            node.Metrics.Active(settings.Name, -1);
        }

        node.CountClosed(this);
        node.Endings.Write(this);
        node.NotifyClosed(this);
    }
}
