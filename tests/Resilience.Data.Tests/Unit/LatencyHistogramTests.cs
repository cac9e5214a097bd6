namespace Resilience.Data.Tests.Unit;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void A_percentile_is_at_most_a_quarter_too_high_and_never_too_low()
    {
        var histogram = new LatencyHistogram();
        for (var i = 1; i <= 1_000; i++)
        {
            histogram.Add(TimeSpan.FromMilliseconds(i));
        }

        foreach (var share in new[] { 0.5, 0.95, 0.99 })
        {
            histogram.Percentile(share).TotalMilliseconds.ShouldBeInRange(share * 1_000, share * 1_250);
        }

        new LatencyHistogram().Percentile(0.5).ShouldBe(TimeSpan.Zero);
    }
}
