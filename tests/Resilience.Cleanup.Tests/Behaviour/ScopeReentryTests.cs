using Microsoft.Extensions.Logging.Abstractions;
using Resilience.TestKit;

namespace Resilience.Cleanup.Tests.Behaviour;

/// <summary>A scope that is closed from inside one of its own steps does not wait for itself (cleanup S6).</summary>
public sealed class ScopeReentryTests
{
    private readonly CleanupScope _scope = PatientScopes.Create();
    private readonly List<bool> _inside = [];

    [Fact]
    public async Task A_close_from_inside_a_synchronous_step_returns_at_once()
    {
        _scope.Defer(this, static self =>
        {
            var inner = self._scope.CleanupAsync();
            self._inside.Add(inner.IsCompletedSuccessfully && !inner.Result.IsCompleted);
        });

        (await _scope.CleanupAsync()).Succeeded.ShouldBe(1);
        _inside.ShouldBe([true]);
    }

    [Fact]
    public async Task A_close_from_inside_an_asynchronous_step_returns_at_once()
    {
        _scope.Defer(this, static async (self, _) =>
        {
            await Task.Yield();
            self._inside.Add((await self._scope.CleanupAsync()).IsCompleted);
            await self._scope.DisposeAsync();
        });

        (await _scope.CleanupAsync().AsTask().Within()).Succeeded.ShouldBe(1);
        _inside.ShouldBe([false]);
    }

    [Fact]
    public async Task A_close_from_inside_a_step_that_runs_early_does_not_wait_for_it()
    {
        var handle = _scope.Defer(this, static async (self, _) =>
        {
            await Task.Yield();
            self._inside.Add((await self._scope.CleanupAsync()).IsCompleted);
        });

        (await handle.RunNowAsync().AsTask().Within()).ShouldBeTrue();
        (await _scope.Completion.Within()).Steps.ShouldBe(1);
        _inside.ShouldBe([false]);
    }

    [Fact]
    public async Task A_close_through_the_steps_of_two_scopes_returns_at_once()
    {
        var other = PatientScopes.Create();
        _scope.Defer(other, static async (o, _) => await o.DisposeAsync());
        other.Defer(this, static async (self, _) =>
        {
            await Task.Yield();
            self._inside.Add((await self._scope.CleanupAsync()).IsCompleted);
        });

        (await _scope.CleanupAsync().AsTask().Within()).Succeeded.ShouldBe(1);
        _inside.ShouldBe([false]);
    }

    [Fact]
    public async Task Waiting_for_oneself_behind_a_suppressed_flow_ends_with_the_step_timeout()
    {
        var time = new ManualTimeProvider();
        var scope = new CleanupScopeFactory(new CleanupScopeOptions(), time, NullLogger<CleanupScope>.Instance).Create();
        scope.Defer(scope, static async (s, _) =>
        {
            Task<CleanupReport> inner;
            using (ExecutionContext.SuppressFlow())
            {
                inner = Task.Run(async () => await s.CleanupAsync());
            }

            await inner;
        });

        var close = scope.CleanupAsync().AsTask();
        await time.WhenTimersAsync();
        time.Advance(TimeSpan.FromSeconds(5));

        (await close.Within()).TimedOut.ShouldBe(1);
    }

    [Fact]
    public async Task The_mark_of_a_step_does_not_leak_to_the_caller()
    {
        var other = PatientScopes.Create();
        other.Defer(0, static async (_, _) => await Task.Yield());
        await other.CleanupAsync();

        ScopeFrame.IsInside(other.TryGetCore()!).ShouldBeFalse();
    }
}
