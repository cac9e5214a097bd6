using Microsoft.Extensions.DependencyInjection;
using Polly;
using Polly.Retry;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Conformance;

/// <content>A retry pipeline of the application's own.</content>
public abstract partial class DeletionConformance
{
    [Fact]
    public async Task A_pipeline_of_your_own_replaces_the_waits_and_holds_no_transaction_either()
    {
        var files = new FaultScript();
        var app = Harness.Start(build: b => b.UseRetryPipeline(_ => Pipeline(tries: 2)), files: files);
        await Harness.AddAsync("a1");
        await Harness.AddAsync("b1");
        files.On("unlink").FailBefore(2);

        var deletion = app.DeleteAsync("a1");
        await Harness.Time.WhenDueInAsync(TimeSpan.FromSeconds(10));
        (await OpenTransactionsAsync()).ShouldBe(0);
        Harness.Time.Advance(TimeSpan.FromSeconds(10));
        await Harness.Time.WhenDueInAsync(TimeSpan.FromSeconds(10));
        Harness.Time.Advance(TimeSpan.FromSeconds(10));

        (await deletion.Within()).ShouldBe(new DeletionResult(DeletionStatus.Succeeded, 3, (await deletion).DeletionId, null));
        files.On("unlink").FailBefore(3);
        var failing = app.DeleteAsync("b1");
        await Harness.Time.DriveAsync(failing, TimeSpan.FromMinutes(1));
        (await failing).Status.ShouldBe(DeletionStatus.Failed);
        (await Harness.AuditAsync("b1")).ShouldBe(["Requested", "AttemptFailed", "AttemptFailed", "AttemptFailed", "RolledBack", "Failed"]);
        (await Harness.VisibleAsync()).ShouldBe(["b1"]);
        await Harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_pipeline_that_throws_something_else_leaves_the_deletion_to_recovery()
    {
        var app = Harness.Start(build: static b => b.UseRetryPipeline(_ => new ResiliencePipelineBuilder().AddStrategy(_ => new Refusing(), new RefusingOptions()).Build()));
        await Harness.AddAsync("a1");

        (await app.DeleteAsync("a1")).Status.ShouldBe(DeletionStatus.Accepted);
        (await Harness.VisibleAsync()).ShouldBeEmpty();
        Harness.FileExists("a1").ShouldBeTrue();

        Harness.Time.ShiftWallClock(BeyondLease);
        (await Harness.Start().Deletions.RecoverAsync()).Completed.ShouldBe(1);
        await Harness.NothingIsLeftAsync();
    }

    private ResiliencePipeline Pipeline(int tries) => new ResiliencePipelineBuilder { TimeProvider = Harness.Time }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = tries,
            Delay = TimeSpan.FromSeconds(10),
            ShouldHandle = static arguments => new ValueTask<bool>(arguments.Outcome.Exception is FileAttemptException),
        })
        .Build();

    private sealed class RefusingOptions : ResilienceStrategyOptions;

    /// <summary>As an open circuit or an own time limit does.</summary>
    private sealed class Refusing : ResilienceStrategy
    {
        protected override ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state) =>
            new(Outcome.FromException<TResult>(new InvalidOperationException("The circuit is open.")));
    }
}
