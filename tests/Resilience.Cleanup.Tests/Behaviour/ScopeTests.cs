namespace Resilience.Cleanup.Tests.Behaviour;

public sealed class ScopeTests
{
    private readonly List<string> _log = [];

    [Fact]
    public async Task Steps_run_newest_first_and_one_at_a_time()
    {
        var scope = PatientScopes.Create();
        scope.Use(new Probe(_log, "disposable"));
        scope.Use(new AsyncProbe(_log, "async disposable", yields: true));
        scope.Defer(_log, static log => log.Add("action"));
        scope.Defer(_log, static async (log, _) =>
        {
            await Task.Yield();
            log.Add("function");
        });

        var report = await scope.CleanupAsync(CleanupReason.Kicked);

        _log.ShouldBe(["function", "action", "async disposable", "disposable"]);
        report.IsCompleted.ShouldBeTrue();
        report.Reason.ShouldBe(CleanupReason.Kicked);
        (report.Steps, report.Succeeded, report.Failed, report.TimedOut, report.Late).ShouldBe((4, 4, 0, 0, 0));
        report.Failures.ShouldBeEmpty();
        report.ToException().ShouldBeNull();
    }

    [Fact]
    public async Task Every_step_runs_although_others_throw_in_every_way()
    {
        var scope = PatientScopes.Create();
        scope.Defer(_log, static log => log.Add("first"));
        scope.Defer(0, static _ => throw new InvalidOperationException("sync"), "a");
        scope.Defer(0, static (_, _) => throw new InvalidOperationException("before the task"), "b");
        scope.Defer(0, static (_, _) => new ValueTask((Task)null!), "c");
        scope.Defer(0, static async (_, _) =>
        {
            await Task.Yield();
            throw new OperationCanceledException();
        }, "d");
        scope.Use(new AsyncProbe(_log, "e", yields: true, new InvalidDataException("async")), "e");
        scope.Defer(_log, static log => log.Add("last"));

        var report = await scope.CleanupAsync();

        _log.ShouldBe(["last", "e", "first"]);
        (report.Succeeded, report.Failed).ShouldBe((2, 5));
        report.Failures.Select(f => f.Step).ShouldBe(["e", "d", "c", "b", "a"]);
        report.ToException().ShouldBeOfType<AggregateException>().InnerExceptions.Count.ShouldBe(5);
    }

    [Fact]
    public async Task A_single_failure_is_reported_as_it_is_and_disposal_does_not_throw()
    {
        var scope = PatientScopes.Create();
        var fault = new InvalidDataException("broken");
        scope.Use(new Probe(_log, "p", fault));

        await scope.DisposeAsync();

        var report = await scope.Completion;
        report.ToException().ShouldBeSameAs(fault);
        report.Failures.ShouldHaveSingleItem().Step.ShouldBe(nameof(Probe));
    }

    [Fact]
    public async Task Every_caller_gets_the_same_report_and_waits_for_the_end()
    {
        var scope = PatientScopes.Create();
        var gate = new TaskCompletionSource();
        scope.Defer(_log, static log => log.Add("oldest"));
        scope.Defer(gate.Task, static async (task, _) => await task);

        var first = scope.CleanupAsync(CleanupReason.ClientClosed);
        var second = scope.CleanupAsync(CleanupReason.Timeout);
        var disposal = scope.DisposeAsync();
        (first.IsCompleted, second.IsCompleted, disposal.IsCompleted, scope.Completion.IsCompleted).ShouldBe((false, false, false, false));
        scope.State.ShouldBe(CleanupState.Closing);
        gate.SetResult();

        var report = await first;
        (await second).ShouldBe(report);
        await disposal;
        (await scope.Completion).ShouldBe(report);
        (await scope.CleanupAsync(CleanupReason.Faulted)).ShouldBe(report);
        report.Reason.ShouldBe(CleanupReason.ClientClosed);
        _log.ShouldBe(["oldest"]);
        scope.State.ShouldBe(CleanupState.Closed);
    }

    [Fact]
    public async Task An_empty_scope_closes_with_an_empty_report()
    {
        var scope = PatientScopes.Create();

        var report = await scope.CleanupAsync(CleanupReason.ServerShutdown);

        (report.IsCompleted, report.Steps, report.Reason).ShouldBe((true, 0, CleanupReason.ServerShutdown));
    }

    [Fact]
    public async Task A_late_registration_runs_at_once_and_keeps_its_exception_to_itself()
    {
        var scope = PatientScopes.Create();
        await scope.CleanupAsync();

        var handle = scope.Use(new Probe(_log, "sync"));
        scope.Use(new AsyncProbe(_log, "async"));
        scope.Defer(_log, static log => log.Add("action"));
        scope.Defer(_log, static log => throw new InvalidOperationException());

        _log.ShouldBe(["sync", "async", "action"]);
        handle.Release().ShouldBeFalse();
        (await handle.RunNowAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_late_registration_during_the_close_is_counted_in_the_report()
    {
        var scope = PatientScopes.Create();
        scope.Defer((scope, _log), static s => s.scope.Use(new Probe(s._log, "late")));

        var report = await scope.CleanupAsync();

        (report.Steps, report.Late).ShouldBe((2, 1));
        _log.ShouldBe(["late"]);
    }

    [Fact]
    public async Task A_released_step_does_not_run_and_releasing_works_once()
    {
        var scope = PatientScopes.Create();
        var handle = scope.Use(new Probe(_log, "kept"));

        handle.Release().ShouldBeTrue();
        handle.Release().ShouldBeFalse();
        (await handle.RunNowAsync()).ShouldBeFalse();
        (await scope.CleanupAsync()).Steps.ShouldBe(0);
        _log.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_step_that_is_run_now_runs_once_and_is_counted()
    {
        var scope = PatientScopes.Create();
        var now = scope.Use(new AsyncProbe(_log, "now", yields: true));
        var fails = scope.Defer(0, static _ => throw new InvalidOperationException("early"));

        (await now.RunNowAsync()).ShouldBeTrue();
        (await now.RunNowAsync()).ShouldBeFalse();
        now.Release().ShouldBeFalse();
        (await fails.RunNowAsync()).ShouldBeTrue();

        var report = await scope.CleanupAsync();
        (report.Succeeded, report.Failed).ShouldBe((1, 1));
        _log.ShouldBe(["now"]);
    }

    [Fact]
    public async Task A_close_waits_for_a_step_that_is_being_run_early()
    {
        var scope = PatientScopes.Create();
        var gate = new TaskCompletionSource();
        scope.Defer(_log, static log => log.Add("older"));
        var handle = scope.Defer((gate.Task, _log), static async (s, _) =>
        {
            await s.Task;
            s._log.Add("early");
        });

        var early = handle.RunNowAsync();
        var close = scope.CleanupAsync();
        close.IsCompleted.ShouldBeFalse();
        gate.SetResult();

        (await early).ShouldBeTrue();
        (await close).Steps.ShouldBe(2);
        _log.ShouldBe(["early", "older"]);
    }

    [Fact]
    public async Task Handles_stay_right_while_the_list_is_compacted()
    {
        var scope = PatientScopes.Create();
        var handles = Enumerable.Range(0, 100).Select(i => scope.Defer((_log, i), static s => s._log.Add($"{s.i}"))).ToArray();
        for (var i = 0; i < 100; i++)
        {
            if (i % 10 != 3)
            {
                handles[i].Release().ShouldBeTrue();
            }
        }

        (await handles[43].RunNowAsync()).ShouldBeTrue();
        handles[44].Release().ShouldBeFalse();
        await scope.CleanupAsync();

        _log.ShouldBe(["43", "93", "83", "73", "63", "53", "33", "23", "13", "3"]);
    }

    [Fact]
    public async Task Closing_is_cancelled_first_and_a_throwing_callback_is_a_failure_of_the_report()
    {
        var scope = PatientScopes.Create();
        var closing = scope.Closing;
        closing.Register(() => _log.Add("closing"));
        closing.Register(() => throw new InvalidOperationException("callback"));
        scope.Defer(_log, static log => log.Add("step"));
        closing.IsCancellationRequested.ShouldBeFalse();

        var report = await scope.CleanupAsync();

        _log.ShouldBe(["closing", "step"]);
        report.Failed.ShouldBe(1);
        closing.IsCancellationRequested.ShouldBeTrue();
        scope.Closing.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task Move_hands_everything_to_a_new_scope()
    {
        var old = PatientScopes.Create();
        var step = old.Use(new Probe(_log, "a"));
        old.Use(new Probe(_log, "b"));
        var closing = old.Closing;
        var completion = old.Completion;

        var moved = old.Move();
        (await old.CleanupAsync()).Steps.ShouldBe(0);
        old.State.ShouldBe(CleanupState.Closed);
        _log.ShouldBeEmpty();
        Should.Throw<InvalidOperationException>(() => old.Use(new Probe(_log, "c"))).Message.ShouldContain("Move returned");
        Should.Throw<InvalidOperationException>(old.Move);
        step.Release().ShouldBeTrue();
        closing.IsCancellationRequested.ShouldBeFalse();

        var report = await moved.CleanupAsync();
        _log.ShouldBe(["b"]);
        closing.IsCancellationRequested.ShouldBeTrue();
        (await completion).ShouldBe(report);
    }

    [Fact]
    public void Arguments_are_checked_at_once()
    {
        var scope = PatientScopes.Create();

        Should.Throw<ArgumentNullException>(() => scope.Use((IAsyncDisposable)null!));
        Should.Throw<ArgumentNullException>(() => scope.Use((IDisposable)null!));
        Should.Throw<ArgumentNullException>(() => scope.Defer(0, (Action<int>)null!));
        Should.Throw<ArgumentNullException>(() => scope.Defer(0, (Func<int, CleanupContext, ValueTask>)null!));
    }

    [Fact]
    public async Task A_resource_with_both_kinds_of_disposal_is_disposed_asynchronously()
    {
        var scope = PatientScopes.Create();
        scope.Use(new BothProbe(_log));

        await scope.CleanupAsync();

        _log.ShouldBe(["async"]);
    }
}
