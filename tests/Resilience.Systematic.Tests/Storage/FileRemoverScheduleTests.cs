using Resilience.Storage;
using Resilience.Storage.Internal;
using Resilience.TestKit;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Storage;

/// <summary>The files of a batch on several threads, under the schedule explorer.</summary>
public sealed class FileRemoverScheduleTests(ITestOutputHelper output)
{
    private static readonly ScheduleExplorer Explorer = new() { Schedules = 3_000 };
    private static readonly string[] Paths = ["a/1", "b/1", "a/2", "c/1"];

    [Fact]
    public void What_is_called_removed_lasts_and_nothing_is_unlinked_afterwards()
    {
        foreach (var exploration in Explorer.Verify(static schedule => VerifyAsync(schedule, static (files, works) => RemoveAsync(files, works))))
        {
            exploration.Distinct.ShouldBeGreaterThan(50);
            output.WriteLine(exploration.ToString());
        }
    }

    [Fact]
    public void A_remover_that_flushes_while_it_unlinks_is_caught()
    {
        var failure = Explorer.Explore(ScheduleStrategy.Uniform, static schedule => VerifyAsync(schedule, (files, works) => FlushEarlyAsync(schedule, files, works))).First;
        failure.ShouldNotBeNull();
        output.WriteLine(failure.Message);
    }

    private static async Task VerifyAsync(Schedule schedule, Func<ModelFiles, DeletionWork[], Task> remove)
    {
        var files = new ModelFiles(schedule, Paths, failures: 2);
        DeletionWork[] works = [.. Paths.Select(static (path, i) => new DeletionWork(new Guid(i, 0, 0, new byte[8]), path, new DeletionContext("ada"))
        {
            Entry = new JournalEntry($"{i}", path, path, FileIdentity.None, JournalKind.Record, "ada"),
        })];
        await remove(files, works);

        Schedule.Check(files.Running == 0, "something still works on files");
        foreach (var work in works)
        {
            var path = work.Entry!.Path;
            Schedule.Check(work.Outcome.Kind is StepKind.Removed or StepKind.AttemptFailed, $"{path} is {work.Outcome.Kind}");
            Schedule.Check(work.Outcome.Kind != StepKind.Removed || (!files.Present.Contains(path) && !files.Unflushed.Contains(path)), $"{path} is not gone for good");
        }
    }

    private static async Task RemoveAsync(ModelFiles files, DeletionWork[] works)
    {
        var time = new ManualTimeProvider();
        using var remover = new FileRemover(files, new RootGuard(null!, files, new FileDeletionOptions(), time), time);
        await remover.RunAsync(works, SqlDialect.PostgreSql, CancellationToken.None);
    }

    /// <summary>As one might write it at first: everything at once.</summary>
    private static async Task FlushEarlyAsync(Schedule schedule, ModelFiles files, DeletionWork[] works)
    {
        Task[] flushes = [.. works.Select(work => schedule.Run("flush", () => TryAsync(files.FlushAsync([work.Entry!.Path], default).AsTask())))];
        foreach (var work in works)
        {
            var removed = await TryAsync(files.DeleteAsync(work.Entry!.Path, FileIdentity.None, default).AsTask());
            work.Outcome = new(removed ? StepKind.Removed : StepKind.AttemptFailed);
        }

        foreach (var flush in flushes)
        {
            await flush;
        }
    }

    private static async Task<bool> TryAsync(Task task)
    {
        try
        {
            await task;
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
