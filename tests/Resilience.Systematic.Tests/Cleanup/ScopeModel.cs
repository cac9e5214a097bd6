using Resilience.Cleanup;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Cleanup;

/// <summary>What the scope's schedules need of a scope; the real one, or a copy with a planted fault.</summary>
internal interface IScopeSubject
{
    void Add(Func<ValueTask> step);

    /// <returns>A number that is the same for all callers: which report it was.</returns>
    ValueTask<object> CloseAsync();
}

/// <summary>The real scope.</summary>
internal sealed class RealScope(CleanupScope scope) : IScopeSubject
{
    public void Add(Func<ValueTask> step) => scope.Defer(step, static (s, _) => s());

    public async ValueTask<object> CloseAsync() => await scope.CleanupAsync();
}

/// <summary>The schedules of a scope: who registers, who closes, and what must be true at the end whatever the order.</summary>
internal static class ScopeModel
{
    private const int Closers = 3;

    public static async Task Run(Schedule schedule, IScopeSubject scope)
    {
        var freed = new List<int>();
        var running = 0;
        var registered = 0;

        // Two steps are there before anybody closes: their order is fixed.
        Register(withYield: false);
        Register(withYield: true);
        var ends = new List<object>();
        var closers = Enumerable.Range(0, Closers).Select(i => schedule.Run($"closer {i}", async () =>
        {
            var report = await scope.CloseAsync();
            Schedule.Check(freed.Contains(0) && freed.Contains(1), "a caller returned before the last step had ended");
            ends.Add(report);
        })).ToArray();
        var registrars = Enumerable.Range(0, 2).Select(i => schedule.Run($"registrar {i}", async () =>
        {
            await schedule.Yield();
            Register(withYield: false);
        })).ToArray();
        foreach (var task in closers.Concat(registrars))
        {
            await task;
        }

        // A late registration ends on its own.
        await Task.Delay(TimeSpan.FromSeconds(1), schedule.Time);
        Schedule.Check(freed.Order().SequenceEqual(Enumerable.Range(0, registered)), $"{registered} registered, freed: {string.Join(",", freed)}");
        Schedule.Check(freed.IndexOf(1) < freed.IndexOf(0), "newest first");
        Schedule.Check(ends.Count == Closers && ends.All(e => e.Equals(ends[0])), "every caller gets the same report");

        void Register(bool withYield)
        {
            var id = registered++;
            scope.Add(async () =>
            {
                // Late ones run beside the others, so only the first two are watched for running alone.
                if (id < 2)
                {
                    Schedule.Check(++running == 1, "one step at a time");
                }

                Schedule.Point("inside a step");
                if (withYield)
                {
                    await schedule.Yield();
                }

                running -= id < 2 ? 1 : 0;
                freed.Add(id);
            });
        }
    }
}
