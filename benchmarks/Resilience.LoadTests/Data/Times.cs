namespace Resilience.LoadTests.Data;

/// <summary>Times of the runs of one case, in milliseconds. Used by one thread at a time but for <see cref="Add"/>.</summary>
internal sealed class Times
{
    private readonly List<double> _values = [];

    public double P50 => At(0.5);

    public double P95 => At(0.95);

    public void Add(double milliseconds)
    {
        lock (_values)
        {
            _values.Add(milliseconds);
        }
    }

    public async Task<T> AddAsync<T>(Func<Task<T>> run)
    {
        var start = TimeProvider.System.GetTimestamp();
        var result = await run();
        Add(TimeProvider.System.GetElapsedTime(start).TotalMilliseconds);
        return result;
    }

    private double At(double share) => _values.Order().ElementAt((int)Math.Ceiling(_values.Count * share) - 1);
}
