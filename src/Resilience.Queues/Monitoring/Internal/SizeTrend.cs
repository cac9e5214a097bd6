namespace Resilience.Queues;

/// <summary>Maximum, average and growth of a size from samples. Not thread-safe: the monitor's lock guards it.</summary>
internal sealed class SizeTrend
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    private const double GrowthWindowSeconds = 60;

    private long _thisWindow;
    private long _lastWindow;
    private double _windowSeconds;
    private long _last;
    private bool _sampled;

    /// <summary>The largest size of this window and the one before: 5 to 10 minutes.</summary>
    public long Maximum => Math.Max(_thisWindow, _lastWindow);

    /// <summary>Exponentially weighted over about 5 minutes.</summary>
    public double Average { get; private set; }

    /// <summary>Messages a second, exponentially weighted over about a minute.</summary>
    public double GrowthPerSecond { get; private set; }

    /// <summary>Takes note of a size between samples, so that the maximum misses no peak that an enqueue saw.</summary>
    public void Observe(long size) => _thisWindow = Math.Max(_thisWindow, size);

    public void Sample(long size, TimeSpan sinceLast)
    {
        var seconds = sinceLast.TotalSeconds;
        _windowSeconds += seconds;
        if (_windowSeconds >= Window.TotalSeconds)
        {
            (_lastWindow, _thisWindow, _windowSeconds) = (_thisWindow, size, 0);
        }

        Observe(size);
        if (!_sampled || seconds <= 0)
        {
            (Average, _sampled, _last) = (_sampled ? Average : size, true, size);
            return;
        }

        Average += (1 - Math.Exp(-seconds / Window.TotalSeconds)) * (size - Average);
        GrowthPerSecond += (1 - Math.Exp(-seconds / GrowthWindowSeconds)) * (((size - _last) / seconds) - GrowthPerSecond);
        _last = size;
    }
}
