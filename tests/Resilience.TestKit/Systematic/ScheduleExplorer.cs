using System.Globalization;
using Resilience.TestKit.Systematic.Internal;

namespace Resilience.TestKit.Systematic;

/// <summary>
/// Runs a test under many schedules, each made from a seed, and shows the first that fails. The code under test is preempted wherever it awaits and at every
/// interleaving point; all its time comes from <see cref="Schedule.Time"/>, and its background work starts through the library's own starter.
/// </summary>
/// <remarks>
/// What leaves the explorer is reported as an escape: <c>Task.Run</c>, real timers, <c>CancellationTokenSource.CancelAsync</c>, cancelling the token of a
/// <c>Task.Delay</c>, and <c>WhenAll</c> or <c>WaitAsync</c> over a source made with <c>RunContinuationsAsynchronously</c> (the framework completes these on the thread pool).
/// One exploration uses one thread at a time. Instances hold only settings; explorations may run side by side.
/// </remarks>
public sealed class ScheduleExplorer
{
    /// <summary>When this environment variable holds a number, only the schedule with that seed is run.</summary>
    public const string SeedVariable = "RESILIENCE_SCHEDULE_SEED";

    /// <summary>Multiplies <see cref="Schedules"/>; set by the soak run.</summary>
    public const string FactorVariable = "RESILIENCE_SCHEDULE_FACTOR";

    /// <summary>How many schedules are run.</summary>
    public int Schedules { get; init; } = 20_000;

    /// <summary>The first seed; the others follow it.</summary>
    public long FirstSeed { get; init; }

    /// <summary>The depth of PCT: one more than the number of times that a task is held back at the worst moment.</summary>
    public int Depth { get; init; } = 3;

    /// <summary>Scheduling decisions after which a schedule counts as a livelock.</summary>
    public int MaxSteps { get; init; } = 10_000;

    /// <summary>Whether timers may also fire while other tasks can run, as if those were slow.</summary>
    public bool EagerTimers { get; init; }

    /// <summary>Whether to go on after a failure and count all of them.</summary>
    public bool CountFailures { get; init; }

    /// <summary>How long a schedule in which nothing can run waits for a continuation that escaped, so that it can be named.</summary>
    public TimeSpan EscapeGrace { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Whether continuations from outside are taken in instead of being failures. The clock then waits <see cref="EscapeGrace"/> before each jump (set it to a few
    /// milliseconds), and a seed no longer repeats itself exactly.
    /// </summary>
    public bool AllowEscapes { get; init; }

    /// <summary>How long one step may hold its thread before the run is ended with <see cref="ScheduleFailureKind.Blocked"/>.</summary>
    public TimeSpan BlockedAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The hook for <c>Systematic.Interleave</c>: lets the schedule choose. Does nothing on threads that do not belong to an explorer.</summary>
    /// <param name="point">The name of the place.</param>
    public static void Interleave(string point)
    {
        if (Worker.Current is { Running: not null } worker)
        {
            worker.Engine.Point(worker, point);
        }
    }

    /// <summary>The hook for <c>Systematic.Start</c>: background work becomes a logical task; outside an explorer it goes to the thread pool.</summary>
    /// <param name="body">The work.</param>
    public static Task StartBackground(Func<Task> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (Worker.Current is { Running: not null } worker)
        {
            return new Schedule(worker.Engine, 0).Run("background", body);
        }

        return Task.Run(body);
    }

    /// <summary>Explores and reports; a failure is part of the report.</summary>
    /// <param name="strategy">How to choose.</param>
    /// <param name="test">Runs once per schedule, as the task <c>main</c>; the schedule ends when it ends.</param>
    public Exploration Explore(ScheduleStrategy strategy, Func<Schedule, Task> test)
    {
        ArgumentNullException.ThrowIfNull(test);
        return new Engine(FromEnvironment(), strategy, test).Run();
    }

    /// <summary>Explores with both strategies and throws when a schedule fails.</summary>
    /// <param name="test">The test.</param>
    /// <exception cref="ScheduleFailedException">A schedule failed; the text has its seed and its trace.</exception>
    public IReadOnlyList<Exploration> Verify(Func<Schedule, Task> test)
    {
        var explorations = new List<Exploration>(2);
        foreach (var strategy in new[] { ScheduleStrategy.Uniform, ScheduleStrategy.Pct })
        {
            var exploration = Explore(strategy, test);
            if (exploration.First is { } failure)
            {
                var again = failure.Kind == ScheduleFailureKind.Blocked ? null : Replay(strategy, failure.Seed, test);
                var exact = again is not null && again.TraceHash == failure.TraceHash;
                throw new ScheduleFailedException(failure, $"{failure}{Environment.NewLine}{exploration}{Environment.NewLine}" +
                    (exact ? "The seed was run again and took the same steps." : "The seed did not repeat itself: something in the test does not come from the schedule."));
            }

            explorations.Add(exploration);
        }

        return explorations;
    }

    /// <summary>Runs one schedule again.</summary>
    /// <param name="strategy">The strategy that made the seed's schedule.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="test">The test.</param>
    /// <returns>The failure, or <see langword="null"/> when the schedule passes.</returns>
    public ScheduleFailure? Replay(ScheduleStrategy strategy, long seed, Func<Schedule, Task> test)
    {
        ArgumentNullException.ThrowIfNull(test);
        return new Engine(With(1, seed), strategy, test).Run().First;
    }

    private ScheduleExplorer FromEnvironment()
    {
        if (long.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var seed))
        {
            return With(1, seed);
        }

        return int.TryParse(Environment.GetEnvironmentVariable(FactorVariable), CultureInfo.InvariantCulture, out var factor) && factor > 1
            ? With((int)Math.Min(int.MaxValue, (long)Schedules * factor), FirstSeed)
            : this;
    }

    private ScheduleExplorer With(int schedules, long firstSeed) => new()
    {
        Schedules = schedules,
        FirstSeed = firstSeed,
        Depth = Depth,
        MaxSteps = MaxSteps,
        EagerTimers = EagerTimers,
        CountFailures = CountFailures,
        EscapeGrace = EscapeGrace,
        AllowEscapes = AllowEscapes,
        BlockedAfter = BlockedAfter,
    };
}
