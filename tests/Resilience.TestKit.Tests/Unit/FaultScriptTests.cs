namespace Resilience.TestKit.Tests.Unit;

public sealed class FaultScriptTests
{
    private readonly FaultScript _script = new();
    private int _effects;

    [Fact]
    public async Task Faults_of_a_point_are_used_up_in_order_and_then_it_passes()
    {
        _script.On("commit").Pass(2).FailBefore().FailAfter(2);
        var outcomes = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            var before = _effects;
            var failed = await FailsAsync("commit");
            outcomes.Add($"{(failed ? "failed" : "ok")}+{_effects - before}");
        }

        outcomes.ShouldBe(["ok+1", "ok+1", "failed+0", "failed+1", "failed+1", "ok+1"]);
        (await FailsAsync("another point")).ShouldBeFalse();
        _script.Calls.Count(call => call == "commit").ShouldBe(6);
    }

    [Fact]
    public async Task A_fault_can_be_placed_at_any_step_of_the_run()
    {
        _script.OnCall(1, FaultKind.FailAfter);

        (await FailsAsync("a")).ShouldBeFalse();
        (await FailsAsync("b")).ShouldBeTrue();
        (await FailsAsync("b")).ShouldBeFalse();
        _effects.ShouldBe(3);
        _script.Calls.ShouldBe(["a", "b", "b"]);
    }

    [Fact]
    public async Task A_hang_before_the_effect_holds_it_back_until_the_release()
    {
        _script.On("delete").HangBefore();
        var step = RunAsync("delete");
        await _script.WhenHangingAsync("delete");
        _effects.ShouldBe(0);
        step.IsCompleted.ShouldBeFalse();

        _script.Release("another point").ShouldBe(0);
        _script.Release().ShouldBe(1);

        await step.Within();
        _effects.ShouldBe(1);
    }

    [Fact]
    public async Task A_hang_after_the_effect_ends_with_the_callers_token_too()
    {
        _script.On("delete").HangAfter();
        using var cancel = new CancellationTokenSource();
        var step = RunAsync("delete", cancel.Token);
        await _script.WhenHangingAsync("delete");
        _effects.ShouldBe(1);

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(step);
        _script.Release().ShouldBe(0);
    }

    [Fact]
    public async Task The_error_is_the_points_or_the_scripts_or_names_the_point()
    {
        var script = new FaultScript(() => new InjectedDbException("40001"));
        script.On("x").FailBefore().FailBefore(error: () => new TimeoutException());

        var first = await Should.ThrowAsync<InjectedDbException>(() => script.RunAsync("x", () => ValueTask.CompletedTask).AsTask());
        first.SqlState.ShouldBe("40001");
        first.IsTransient.ShouldBeTrue();
        new InjectedDbException("23505").IsTransient.ShouldBeFalse();
        Should.Throw<TimeoutException>(() => script.Run("x", () => 1));
        script.Run("x", () => 1).ShouldBe(1);
        _script.On("y").FailBefore();
        Should.Throw<InjectedFaultException>(() => _script.Run("y", () => 1)).Message.ShouldContain("y");
    }

    [Fact]
    public async Task A_sweep_meets_every_step_with_every_kind()
    {
        var met = new List<string>();
        var hits = await FaultSweep.RunAsync([FaultKind.FailBefore, FaultKind.FailAfter], async script =>
        {
            foreach (var point in (string[])["a", "b", "c"])
            {
                try
                {
                    await script.RunAsync(point, () => ValueTask.CompletedTask);
                }
                catch (InjectedFaultException e)
                {
                    met.Add(e.Message);
                }
            }
        });

        hits.ShouldBe(6);
        met.Distinct().Count().ShouldBe(6);
    }

    [Fact]
    public async Task A_sweep_finds_a_planted_bug_and_names_the_step()
    {
        // The planted bug: when the reply of the second step is lost, the retry applies it twice.
        var error = await Should.ThrowAsync<InvalidOperationException>(() => FaultSweep.RunAsync([FaultKind.FailBefore, FaultKind.FailAfter], async script =>
        {
            var balance = 0;
            await RetryAsync(() => script.RunAsync("read", () => ValueTask.CompletedTask));
            await RetryAsync(() => script.RunAsync("add", () =>
            {
                balance++;
                return ValueTask.CompletedTask;
            }));
            balance.ShouldBe(1);
        }));

        error.Message.ShouldContain("step 1 (add), FailAfter");
    }

    [Fact]
    public async Task A_sweep_that_tests_nothing_or_never_ends_is_an_error()
    {
        await Should.ThrowAsync<InvalidOperationException>(() => FaultSweep.RunAsync([FaultKind.FailBefore], _ => Task.CompletedTask));
        await Should.ThrowAsync<InvalidOperationException>(() => FaultSweep.RunAsync(
            [FaultKind.Pass],
            async script =>
            {
                for (var i = 0; i < 20; i++)
                {
                    await script.RunAsync("x", () => ValueTask.CompletedTask);
                }
            },
            maxSteps: 10));
    }

    private static async Task RetryAsync(Func<ValueTask> step)
    {
        try
        {
            await step();
        }
        catch (InjectedFaultException)
        {
            await step();
        }
    }

    private async Task<bool> FailsAsync(string point)
    {
        try
        {
            await RunAsync(point);
            return false;
        }
        catch (InjectedFaultException)
        {
            return true;
        }
    }

    private Task<int> RunAsync(string point, CancellationToken cancellationToken = default) =>
        _script.RunAsync(point, () => ValueTask.FromResult(++_effects), cancellationToken).AsTask();
}
