using Resilience.Shared;

namespace Resilience.Data;

/// <summary>
/// The share of slow commands, window by window, with hysteresis: raised after some bad windows in a row, cleared after as many good ones. A window with few
/// commands is not bad. Thread-safe: the lock guards the windows, and nothing is called under it.
/// </summary>
internal sealed class QueryWindows(QueryMonitorOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Alert _alert = new(DataTelemetryNames.DegradedAlert, options.DegradedRatio, options.DegradedRatio);
    private long _start = time.GetTimestamp();
    private long _samples;
    private long _slow;
    private int _bad;
    private int _good;

    public bool IsDegraded => _alert.IsActive;

    public double LastRatio { get; private set; }

    public long LastSamples { get; private set; }

    public AlertChange Add(bool slow)
    {
        lock (_lock)
        {
            var change = Turn();
            _samples++;
            _slow += slow ? 1 : 0;
            return change;
        }
    }

    /// <summary>Closes windows that are over, also when no command comes any more.</summary>
    public AlertChange Refresh()
    {
        lock (_lock)
        {
            return Turn();
        }
    }

    private AlertChange Turn()
    {
        var change = AlertChange.None;
        var passed = time.GetElapsedTime(_start);
        if (passed < options.Window)
        {
            return change;
        }

        change = Close();
        _start = time.GetTimestamp();
        for (var empty = (int)Math.Min(passed / options.Window, options.WindowsToChange + 1) - 1; empty > 0; empty--)
        {
            // Windows in which nothing ran at all.
            var later = Close();
            change = later == AlertChange.None ? change : later;
        }

        return change;
    }

    private AlertChange Close()
    {
        LastSamples = _samples;
        LastRatio = _samples == 0 ? 0 : (double)_slow / _samples;
        var bad = _samples >= options.MinSamples && LastRatio >= options.DegradedRatio;
        (_samples, _slow) = (0, 0);
        (_bad, _good) = bad ? (_bad + 1, 0) : (0, _good + 1);
        if (_bad >= options.WindowsToChange)
        {
            return _alert.Raise();
        }

        return _good >= options.WindowsToChange ? _alert.Clear() : AlertChange.None;
    }
}
