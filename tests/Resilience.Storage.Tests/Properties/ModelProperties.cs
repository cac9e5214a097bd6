using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Properties;

/// <summary>Any sequence of operations, faults, crashes, recoveries and sweeps against a set: which records there are, and which files.</summary>
public sealed class ModelProperties
{
    private const int Keys = 4;
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(40).WithEndSize(30);
    private static readonly TimeSpan BeyondLease = TimeSpan.FromMinutes(3);

    private enum Step
    {
        Add,
        Delete,
        DeleteTwiceAtOnce,
        DeleteAndDie,
        DeleteInVain,
        DropAnOrphan,
        TakeTheFile,
        Recover,
        Sweep,
    }

    [Theory]
    [InlineData(RecordMode.PendingColumn)]
    [InlineData(RecordMode.Snapshot)]
    public void Whatever_happens_records_and_files_are_the_set_that_the_model_says(RecordMode mode) =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte Step, byte Key)[]>(), operations =>
            RunAsync(mode, [.. operations.Select(static o => ((Step)(o.Step % 9), $"k{o.Key % Keys}"))]).GetAwaiter().GetResult()).Check(Config);

    private static async Task<bool> RunAsync(RecordMode mode, (Step Step, string Key)[] operations)
    {
        await using var harness = await StorageHarness.CreateAsync(new SqliteTestDatabase(), mode);
        var files = new FaultScript();
        var app = harness.Start(o => o.MaxRetries = 0, b => b.AddOrphanSweeper(o => (o.Retention, o.MaxOrphanFraction) = (TimeSpan.Zero, 1)), files);

        // One record that nobody touches, because the sweeper rightly stops where there are none.
        await harness.AddAsync("stays9");
        var model = new Model();
        foreach (var (step, key) in operations)
        {
            await ApplyAsync(harness, app, files, model, step, key);
            (await harness.VisibleAsync()).Where(static k => k != "stays9").ShouldBe(model.Records.Order(StringComparer.Ordinal), $"{step} {key}");
        }

        await ApplyAsync(harness, app, files, model, Step.Recover, "k0");
        await ApplyAsync(harness, app, files, model, Step.Sweep, "k0");
        model.Dying.ShouldBeEmpty();
        harness.Files().ShouldBe(model.Records.Append("stays9").Except(model.Missing).Select(StorageHarness.RelativeOf).Order(StringComparer.Ordinal));
        (await harness.RowsAsync()).ShouldBe(await harness.VisibleAsync());
        return true;
    }

    private static async Task ApplyAsync(StorageHarness harness, StorageInstance app, FaultScript files, Model model, Step step, string key)
    {
        var isThere = model.Records.Contains(key);
        switch (step)
        {
            case Step.Add when !isThere && !model.Dying.Contains(key):
                Forget(harness.PathOf(key));
                await harness.AddAsync(key);
                model.Missing.Remove(key);
                model.Records.Add(key);
                break;
            case Step.Delete:
                var expected = isThere ? DeletionStatus.Succeeded
                    : model.Dying.Contains(key) ? DeletionStatus.InProgress
                    : model.Gone.Contains(key) ? DeletionStatus.AlreadyDeleted
                    : DeletionStatus.NotFound;
                (await app.DeleteAsync(key)).Status.ShouldBe(expected, key);
                model.Remove(key);
                break;
            case Step.DeleteTwiceAtOnce:
                var both = await Task.WhenAll(app.DeleteAsync(key), app.DeleteAsync(key));
                both.Count(static r => r.Status == DeletionStatus.Succeeded).ShouldBe(isThere ? 1 : 0);
                model.Remove(key);
                break;
            case Step.DeleteAndDie when isThere:
                app.Files.BeforeUnlink = static _ => throw new OperationCanceledException("killed");
                (await app.DeleteAsync(key)).Status.ShouldBe(DeletionStatus.Accepted);
                app.Files.BeforeUnlink = null;
                model.Records.Remove(key);
                model.Dying.Add(key);
                break;
            case Step.DeleteInVain when isThere && !model.Missing.Contains(key):
                files.On("unlink").FailBefore();
                (await app.DeleteAsync(key)).Status.ShouldBe(DeletionStatus.Failed);
                break;
            case Step.DropAnOrphan when !isThere && !model.Dying.Contains(key):
                Directory.CreateDirectory(Path.GetDirectoryName(harness.PathOf(key))!);
                await File.WriteAllTextAsync(harness.PathOf(key), "orphan");
                break;
            case Step.TakeTheFile when isThere:
                File.Delete(harness.PathOf(key));
                model.Missing.Add(key);
                break;
            case Step.Recover:
                harness.Time.ShiftWallClock(BeyondLease);
                (await app.Deletions.RecoverAsync()).Completed.ShouldBe(model.Dying.Count);
                model.Gone.UnionWith(model.Dying);
                model.Dying.Clear();
                break;
            case Step.Sweep:
                await app.Services.GetRequiredService<IOrphanSweeper>().RunAsync(dryRun: false);
                break;
            default:
                break;
        }
    }

    /// <summary>An orphan of the same name is another file.</summary>
    private static void Forget(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
        }
    }

    private sealed class Model
    {
        public HashSet<string> Records { get; } = new(StringComparer.Ordinal);

        /// <summary>Committed, but their process died.</summary>
        public HashSet<string> Dying { get; } = new(StringComparer.Ordinal);

        /// <summary>Deleted once.</summary>
        public HashSet<string> Gone { get; } = new(StringComparer.Ordinal);

        /// <summary>Records whose file somebody took.</summary>
        public HashSet<string> Missing { get; } = new(StringComparer.Ordinal);

        public void Remove(string key)
        {
            Missing.Remove(key);
            if (Records.Remove(key))
            {
                Gone.Add(key);
            }
        }
    }
}
