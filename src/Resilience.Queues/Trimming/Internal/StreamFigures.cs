namespace Resilience.Queues;

/// <summary>The last trims of one stream, or of the streams of a family together: sums, and the largest lag.</summary>
internal readonly struct StreamFigures
{
    public StreamFigures(string name, IEnumerable<TrackedStream> streams)
    {
        Name = name;
        foreach (var stream in streams)
        {
            if (stream.Last is { Status: TrimStatus.Done } last)
            {
                Streams++;
                Length += last.Length;
                Bytes = last.Bytes < 0 || Bytes < 0 ? -1 : Bytes + last.Bytes;
                Lag = last.Lag < 0 || Lag < 0 ? -1 : Math.Max(Lag, last.Lag);
                Blocked += last.Blocked ? 1 : 0;
                StaleGroups += last.StaleGroups;
            }
        }
    }

    public string Name { get; }

    /// <summary>How many are there.</summary>
    public int Streams { get; }

    public long Length { get; }

    /// <summary>-1 when not known.</summary>
    public long Bytes { get; }

    /// <summary>-1 when not known.</summary>
    public long Lag { get; }

    public int Blocked { get; }

    public int StaleGroups { get; }
}
