namespace Resilience.TestKit;

/// <summary>One measurement that a <see cref="MetricCollector"/> received.</summary>
/// <param name="Instrument">Name of the instrument.</param>
/// <param name="Value">The value, of whatever numeric type, as a double.</param>
/// <param name="Tags">Tags of the measurement.</param>
public sealed record MetricMeasurement(string Instrument, double Value, IReadOnlyDictionary<string, object?> Tags)
{
    /// <summary>Whether the measurement carries all of these tags (compared as text); it may carry more.</summary>
    /// <param name="tags">Name and value of each tag.</param>
    public bool Has(params ReadOnlySpan<(string Name, object? Value)> tags)
    {
        foreach (var (name, value) in tags)
        {
            if (!Tags.TryGetValue(name, out var actual) || !string.Equals(Text(actual), Text(value), StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Instrument, tags and value on one line, for failure texts.</summary>
    public override string ToString() =>
        $"{Instrument}{{{string.Join(",", Tags.Select(static tag => $"{tag.Key}={Text(tag.Value)}"))}}} {Text(Value)}";

    private static string? Text(object? value) => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture);
}
