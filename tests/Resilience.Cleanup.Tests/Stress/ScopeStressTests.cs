using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Stress;

/// <summary>Cleanup S1, S4 and S5 with real threads: what the schedule explorer shows for the named places is conserved for all others too.</summary>
public sealed class ScopeStressTests
{
    private const int Threads = 4;
    private const int Rounds = 32_000;

    [Fact]
    public async Task A_million_steps_run_exactly_once_under_racing_closers_and_registrars()
    {
        using var barrier = new Barrier(Threads);
        var scopes = Enumerable.Range(0, Rounds).Select(static _ => new CleanupScope()).ToArray();
        var runs = new int[Rounds];
        var registered = new int[Rounds];
        var reports = new CleanupReport[Rounds, Threads];
        var threads = Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () =>
            {
                for (var round = 0; round < Rounds; round++)
                {
                    if (round % 1000 == 0)
                    {
                        barrier.SignalAndWait();
                    }

                    var scope = scopes[round];
                    for (var i = 0; i < 8; i++)
                    {
                        Interlocked.Increment(ref registered[round]);
                        scope.Defer((runs, round), static s => Interlocked.Increment(ref s.runs[s.round]));
                    }

                    reports[round, thread] = scope.CleanupAsync().AsTask().Within().GetAwaiter().GetResult();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default));

        await Task.WhenAll(threads).Within(TimeSpan.FromSeconds(30));

        runs.ShouldBe(registered);
        for (var round = 0; round < Rounds; round++)
        {
            for (var thread = 1; thread < Threads; thread++)
            {
                reports[round, thread].ShouldBe(reports[round, 0]);
            }
        }
    }

    [Fact]
    public async Task Handles_that_race_with_the_close_free_each_resource_exactly_once()
    {
        var runs = new int[Rounds];
        var released = new int[Rounds];
        var scopes = Enumerable.Range(0, Rounds).Select(static _ => new CleanupScope()).ToArray();
        var handles = scopes.Select((scope, i) => scope.Defer((runs, i), static s => Interlocked.Increment(ref s.runs[s.i]))).ToArray();
        var work = new Action<int>[]
        {
            i => Interlocked.Add(ref released[i], handles[i].Release() ? 1 : 0),
            i => handles[i].RunNowAsync().AsTask().Within().GetAwaiter().GetResult(),
            i => scopes[i].CleanupAsync().AsTask().Within().GetAwaiter().GetResult(),
        };
        var threads = work.Select(action => Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < Rounds; i++)
                {
                    action(i);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default));

        await Task.WhenAll(threads).Within(TimeSpan.FromSeconds(30));

        for (var i = 0; i < Rounds; i++)
        {
            (runs[i] + released[i]).ShouldBe(1);
        }
    }
}
