namespace Resilience.TestKit.Systematic;

/// <summary>What an exploration saw.</summary>
/// <param name="Strategy">The strategy in use.</param>
/// <param name="Schedules">Schedules run.</param>
/// <param name="Distinct">Schedules that took different steps.</param>
/// <param name="Steps">Scheduling decisions in all.</param>
/// <param name="Failures">Schedules that failed; at most one unless all were asked for.</param>
/// <param name="First">The first failure.</param>
/// <param name="Elapsed">Wall time.</param>
public sealed record Exploration(
    ScheduleStrategy Strategy,
    int Schedules,
    int Distinct,
    long Steps,
    int Failures,
    ScheduleFailure? First,
    TimeSpan Elapsed)
{
    /// <inheritdoc />
    public override string ToString() =>
        $"{Strategy}: {Schedules} schedules, {Distinct} distinct, {Steps} steps, {Failures} failed{(First is null ? "" : $" (first seed {First.Seed}, {First.Kind})")}, " +
        $"{Schedules / Math.Max(0.001, Elapsed.TotalSeconds):0} schedules/s";
}
