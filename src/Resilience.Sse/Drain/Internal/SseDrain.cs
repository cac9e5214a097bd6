namespace Resilience.Sse;

/// <summary>
/// Ends all streams in good order: told, given time, then cut. Thread-safe; several calls are one. It must run while the server still serves, so before the host
/// stops its services.
/// </summary>
internal sealed class SseDrain(SseNode node)
{
    private static readonly TimeSpan CutGrace = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Task? _draining;
    private int _flag;

    public bool IsDraining => Volatile.Read(ref _flag) == 1;

    /// <summary>Refuses new connections and tells the open ones, without waiting.</summary>
    public void Begin()
    {
        if (Interlocked.Exchange(ref _flag, 1) == 1)
        {
            return;
        }

        Systematic.Interleave("sse.draining");
        SseLog.Draining(node.Logger, node.ConnectionCount, node.Options.DrainTimeout.TotalMilliseconds);
        foreach (var connection in node.Connections)
        {
            connection.TryClose(SseCloseReason.Shutdown);
        }
    }

    public Task DrainAsync(CancellationToken cancellationToken)
    {
        Begin();
        lock (_gate)
        {
            _draining ??= RunAsync();
        }

        return _draining.WaitAsync(cancellationToken);
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        await WaitAsync(node.Options.DrainTimeout).ConfigureAwait(Systematic.KeepContext);
        var left = 0;
        foreach (var connection in node.Connections)
        {
            left++;
            connection.TryClose(SseCloseReason.Shutdown);
            connection.Cut();
        }

        if (left > 0)
        {
            await WaitAsync(CutGrace).ConfigureAwait(Systematic.KeepContext);
        }

        node.Endings.Turn();
        SseLog.Drained(node.Logger, left);
    }

    private async Task WaitAsync(TimeSpan atMost)
    {
        try
        {
            await node.WhenEmpty().WaitAsync(atMost, node.Clock.Time).ConfigureAwait(Systematic.KeepContext);
        }
        catch (TimeoutException)
        {
            // The caller looks at what is left.
        }
    }
}
