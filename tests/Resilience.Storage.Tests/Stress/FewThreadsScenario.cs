using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Stress;

/// <summary>
/// The child whose pool has two threads: uploads wait for SQLite's writer while a deletion holds it and waits for its file. What lets the file go is queued to the pool
/// behind the uploads, so it runs only if they hold no thread of it.
/// </summary>
public sealed class FewThreadsScenario : IChildScenario
{
    public const string AllBegun = "all uploads have begun";
    private const int Threads = 2;
    private const int Uploads = 2 * Threads;

    public async Task RunAsync(ChildContext context)
    {
        if (!ThreadPool.SetMinThreads(Threads, Threads) || !ThreadPool.SetMaxThreads(Threads, Threads))
        {
            throw new InvalidOperationException($"The pool does not do with {Threads} threads on {Environment.ProcessorCount} processors.");
        }

        await using var harness = await StorageHarness.CreateAsync(new SqliteTestDatabase());
        await harness.AddAsync("old1");
        var app = harness.Start();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var free = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Files.BeforeUnlink = _ =>
        {
            held.TrySetResult();
            return free.Task;
        };
        var deletion = app.DeleteAsync("old1");
        await held.Task;

        // All into the one queue of the pool, in this order.
        var uploads = Enumerable.Range(0, Uploads).Select(i => Task.Factory.StartNew(
            () => app.Uploads.BeginAsync(StorageHarness.RelativeOf($"new{i}"), StorageHarness.User),
            CancellationToken.None,
            TaskCreationOptions.PreferFairness,
            TaskScheduler.Default).Unwrap()).ToList();
        ThreadPool.UnsafeQueueUserWorkItem(static f => f.TrySetResult(), free, preferLocal: false);
        var leases = await Task.WhenAll(uploads);
        leases.ShouldAllBe(static lease => lease != null);
        (await deletion).Status.ShouldBe(DeletionStatus.Succeeded);
        context.Send(AllBegun);
    }
}
