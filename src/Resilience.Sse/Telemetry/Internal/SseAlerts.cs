
namespace Resilience.Sse;

/// <summary>The manager's alerts. Thread-safe; the lock guards the window, and the application's callback is called without it.</summary>
internal sealed class SseAlerts(SseNode node)
{
    private const int Buckets = 30;
    private const long BucketMs = 10_000;
    private const int MinimumEnded = 20;

    private readonly Lock _gate = new();
    private readonly (int Opened, int Ended, int Errors)[] _window = new (int, int, int)[Buckets];
    private readonly Alert _errorRatio = new("error_ratio", 0.05, 0.02);
    private readonly Alert _forwarding = new("forwarding_headers", 1, 1);
    private long _bucket;
    private long _forwardingSeen;

    public bool ErrorRatioActive => _errorRatio.IsActive;

    public bool ForwardingHeadersActive => _forwarding.IsActive;

    /// <summary>Errors per ended stream in the last five minutes.</summary>
    public double ErrorRatio
    {
        get
        {
            var (ended, errors) = Sum();
            return ended == 0 ? 0 : (double)errors / ended;
        }
    }

    /// <summary>Streams opened per second, over the last five minutes or since the start.</summary>
    public double OpenedPerSecond
    {
        get
        {
            lock (_gate)
            {
                Advance();
                var seconds = Math.Clamp(node.Clock.Now / 1000d, 1, Buckets * BucketMs / 1000d);
                return _window.Sum(static b => b.Opened) / seconds;
            }
        }
    }

    public void CountOpened()
    {
        lock (_gate)
        {
            Advance();
            _window[_bucket % Buckets].Opened++;
        }
    }

    public void CountEnded(bool error)
    {
        lock (_gate)
        {
            Advance();
            ref var bucket = ref _window[_bucket % Buckets];
            bucket.Ended++;
            bucket.Errors += error ? 1 : 0;
        }
    }

    /// <summary>Called once a second by the wheel's timer.</summary>
    public void Turn()
    {
        var (ended, errors) = Sum();
        if (ended >= MinimumEnded)
        {
            // Raised above 5 %: at exactly 5 % it is not.
            var ratio = (double)errors / ended;
            Report(_errorRatio, ratio > _errorRatio.RaiseAt ? _errorRatio.Raise() : ratio < _errorRatio.ClearBelow ? _errorRatio.Clear() : AlertChange.None, ratio);
        }
        else if (errors == 0)
        {
            Report(_errorRatio, _errorRatio.Clear(), 0);
        }

        ClearForwardingHeaders();
        node.Metrics.Alert(_errorRatio.Name, _errorRatio.IsActive);
        node.Metrics.Alert(_forwarding.Name, _forwarding.IsActive);
    }

    /// <summary>A request came with forwarding headers that nobody processes.</summary>
    public void OnForwardingHeaders()
    {
        Volatile.Write(ref _forwardingSeen, node.Clock.Now);
        if (_forwarding.Raise() == AlertChange.Raised)
        {
            SseLog.ForwardingHeaders(node.Logger);
            Call(_forwarding.Name, active: true, 1);
        }
    }

    /// <summary>After a window without such a request the proxy is set right, or it was somebody's single attempt.</summary>
    private void ClearForwardingHeaders()
    {
        if (_forwarding.IsActive && node.Clock.Now - Volatile.Read(ref _forwardingSeen) >= Buckets * BucketMs)
        {
            Report(_forwarding, _forwarding.Clear(), 0);
        }
    }

    private (int Ended, int Errors) Sum()
    {
        lock (_gate)
        {
            Advance();
            int ended = 0, errors = 0;
            foreach (var bucket in _window)
            {
                ended += bucket.Ended;
                errors += bucket.Errors;
            }

            return (ended, errors);
        }
    }

    private void Advance()
    {
        var bucket = node.Clock.Now / BucketMs;
        for (var i = Math.Max(_bucket + 1, bucket - Buckets + 1); i <= bucket; i++)
        {
            _window[i % Buckets] = default;
        }

        _bucket = Math.Max(_bucket, bucket);
    }

    private void Report(Alert alert, AlertChange change, double value)
    {
        if (change == AlertChange.None)
        {
            return;
        }

        if (change == AlertChange.Raised)
        {
            SseLog.AlertRaised(node.Logger, alert.Name, value);
        }
        else
        {
            SseLog.AlertCleared(node.Logger, alert.Name, value);
        }

        Call(alert.Name, change == AlertChange.Raised, value);
    }

    private void Call(string name, bool active, double value)
    {
        try
        {
            node.Options.OnAlert?.Invoke(new SseAlert(name, active, value));
        }
        catch (Exception e)
        {
            SseLog.AlertCallbackFailed(node.Logger, e);
        }
    }
}
