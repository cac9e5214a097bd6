using Microsoft.Extensions.Logging.Abstractions;
using Resilience.Storage;
using Resilience.Storage.Internal;
using Resilience.TestKit;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Storage;

/// <summary>Group commit under the schedule explorer: answers, failures at any await, cancellation, the close.</summary>
public sealed class CommitLoopScheduleTests(ITestOutputHelper output)
{
    private static readonly StorageMetrics Metrics = new(new TestMeterFactory());
    private static readonly ScheduleExplorer Explorer = new() { Schedules = 3_000 };

    [Theory]
    [InlineData(SqlDialect.Sqlite, true)]
    [InlineData(SqlDialect.Sqlite, false)]
    [InlineData(SqlDialect.PostgreSql, true)]
    [InlineData(SqlDialect.PostgreSql, false)]
    public void Every_request_gets_exactly_one_answer_and_it_is_the_truth_whatever_fails(SqlDialect dialect, bool goesOn) =>
        Verify(schedule => DeleteAsync(schedule, dialect, TransactionFault.None, goesOn));

    [Theory]
    [InlineData(SqlDialect.Sqlite)]
    [InlineData(SqlDialect.PostgreSql)]
    public void The_close_ends_when_everything_that_was_taken_in_has_its_answer_and_nothing_runs_after_it(SqlDialect dialect) =>
        Verify(schedule => CloseAsync(schedule, dialect));

    [Fact]
    public void What_was_given_up_before_a_transaction_took_it_is_never_begun() =>
        Verify(static schedule => CancelAsync(schedule, TransactionFault.None));

    [Fact]
    public void A_transaction_that_takes_what_is_given_up_is_caught() =>
        Caught(static schedule => CancelAsync(schedule, TransactionFault.TakesWhatIsGivenUp));

    [Fact]
    public void A_transaction_that_leaves_its_work_behind_when_it_fails_is_caught() =>
        Caught(static schedule => DeleteAsync(schedule, SqlDialect.Sqlite, TransactionFault.NoRollback));

    [Theory]
    [InlineData(LoopFault.ForgetsFailedBatches)]
    [InlineData(LoopFault.EndsWithoutTheCarried)]
    internal void A_loop_with_a_planted_fault_is_caught(LoopFault fault) => Caught(async schedule =>
    {
        var model = new ModelTransaction(schedule, oneWriter: true, failures: 1);
        var loop = new MutantLoop(model, fault);
        var works = Works("a", "b");
        var answers = new int[works.Length];
        var callers = works.Select((work, i) => schedule.Run($"caller {i}", async () =>
        {
            await OneAnswerAsync(() => loop.SubmitAsync(work));
            answers[i]++;
        })).ToArray();
        var close = schedule.Run("close", async () => await loop.DisposeAsync());
        await AllAsync([close, .. callers]);
        Schedule.Check(answers.All(static a => a == 1), "somebody was not told");
    });

    private static async Task DeleteAsync(Schedule schedule, SqlDialect dialect, TransactionFault fault, bool goesOn = true)
    {
        var model = new ModelTransaction(schedule, dialect == SqlDialect.Sqlite, failures: 3, fault);
        var loop = Create(model, dialect, goesOn);

        // Two of one key, and more than a batch or the queue holds.
        var works = Works("a", "a", "b", "c");
        var answers = new List<string>[works.Length];
        var callers = works.Select((work, i) => schedule.Run($"caller {i}", async () => (answers[i] ??= []).Add(await DeleteAsync(loop, work)))).ToArray();
        await AllAsync(callers);
        await loop.DisposeAsync();
        model.IsClosed = true;

        Schedule.Check(loop.Queued == 0 && model.Running == 0, "something is left in the loop");
        Schedule.Check(model.MostOfAStep <= 2, $"{model.MostOfAStep} at one step of a batch: two are the bound");
        for (var i = 0; i < works.Length; i++)
        {
            var answer = answers[i].Single();
            var isMine = model.Begun.TryGetValue(works[i].Key, out var winner) && winner == works[i];
            Schedule.Check(answer != "None", "an answer that says nothing");
            Schedule.Check(answer is not ("Succeeded" or "finish failed") || isMine, $"{answer}, but the deletion is not its own");
            Schedule.Check(answer is not "Succeeded" || model.Gone.Contains(works[i].Key), "told of a success that is not there");
            Schedule.Check(answer is not ("InProgress" or "failed" or "NotCommitted") || !isMine, $"{answer}, but its deletion is committed");
        }
    }

    private static async Task CloseAsync(Schedule schedule, SqlDialect dialect)
    {
        var model = new ModelTransaction(schedule, dialect == SqlDialect.Sqlite, failures: 2);
        var loop = Create(model, dialect);
        var answered = 0;
        var callers = Works("a", "b", "c").Select((work, i) => schedule.Run($"caller {i}", async () =>
        {
            await OneAnswerAsync(() => DeleteAsync(loop, work));
            answered++;
        })).ToArray();
        var close = schedule.Run("close", async () =>
        {
            await loop.DisposeAsync();
            model.IsClosed = true;
            Schedule.Check(model.Running == 0 && loop.Queued == 0, $"{model.Running} transactions ran on and {loop.Queued} works were left");
        });
        await AllAsync([close, .. callers]);
        Schedule.Check(answered == 3, $"{answered} of 3 were told");
    }

    private static async Task CancelAsync(Schedule schedule, TransactionFault fault)
    {
        var model = new ModelTransaction(schedule, oneWriter: true, failures: 1, fault);
        var loop = Create(model, SqlDialect.Sqlite);
        var works = Works("a", "b");
        var givenUp = new bool[works.Length];
        var callers = works.Select((work, i) => schedule.Run($"caller {i}", () => DeleteAsync(loop, work))).ToArray();
        var givingUp = works.Select((work, i) => schedule.Run($"gives up {i}", () => givenUp[i] = work.TryCancel())).ToArray();
        await AllAsync([.. callers, .. givingUp]);
        await loop.DisposeAsync();
        for (var i = 0; i < works.Length; i++)
        {
            Schedule.Check(!givenUp[i] || !model.Begun.ContainsKey(works[i].Key), $"{works[i].Key} was given up and is deleted");
        }
    }

    /// <summary>What the engine does with one deletion, as far as the loop is concerned.</summary>
    private static async Task<string> DeleteAsync(CommitLoop loop, DeletionWork work)
    {
        StepOutcome outcome;
        try
        {
            outcome = await loop.SubmitAsync(work, WorkStage.Request);
        }
        catch (TimeoutException)
        {
            return "failed";
        }

        if (outcome.Kind != StepKind.Begun)
        {
            return outcome.Kind == StepKind.Settled ? outcome.Result.Status.ToString() : outcome.Kind.ToString();
        }

        try
        {
            return (await loop.SubmitAsync(work, WorkStage.Finish)).Result.Status.ToString();
        }
        catch (TimeoutException)
        {
            return "finish failed";
        }
    }

    private static async Task OneAnswerAsync(Func<Task> submit)
    {
        try
        {
            await submit();
        }
        catch (Exception exception) when (exception is TimeoutException or System.Threading.Channels.ChannelClosedException)
        {
            // An answer too: it failed, or it came too late.
        }
    }

    private static CommitLoop Create(ModelTransaction model, SqlDialect dialect, bool goesOn = true) => new(
        model, dialect, judgesBefore: false, goesOn, new FileDeletionOptions { MaxBatch = 2, MaxQueued = 2 }, Metrics, NullLogger<CommitLoop>.Instance);

    private static DeletionWork[] Works(params string[] keys) =>
        [.. keys.Select(static (key, i) => new DeletionWork(new Guid(i, 0, 0, new byte[8]), key, new DeletionContext("ada")))];

    private static async Task AllAsync(Task[] tasks)
    {
        foreach (var task in tasks)
        {
            await task;
        }
    }

    private void Caught(Func<Schedule, Task> scenario)
    {
        var failure = Explorer.Explore(ScheduleStrategy.Uniform, scenario).First;
        failure.ShouldNotBeNull();
        output.WriteLine(failure.Message);
    }

    private void Verify(Func<Schedule, Task> scenario)
    {
        foreach (var exploration in Explorer.Verify(scenario))
        {
            exploration.Distinct.ShouldBeGreaterThan(50);
            output.WriteLine(exploration.ToString());
        }
    }
}
