using Microsoft.Extensions.DependencyInjection;
using Resilience.Cleanup;

internal static class CleanupChecks
{
    public static async Task RunAsync()
    {
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddMetrics()
            .AddCleanupScopes(options => options.Deadline = TimeSpan.FromSeconds(20))
            .BuildServiceProvider();
        var order = new List<string>();
        using var shutdown = new CancellationTokenSource();

        var building = services.GetRequiredService<CleanupScopeFactory>().Create();
        building.Defer(order, static list => list.Add("first"));
        building.Use(new MemoryStream());
        building.Defer(order, static async (list, context) =>
        {
            await Task.Yield();
            list.Add("last");
        });
        building.CloseWhen(shutdown.Token);
        var dropped = building.Defer(order, static list => list.Add("never"));
        Check.That(dropped.Release(), "a step can be released once");

        var scope = building.Move();
        await shutdown.CancelAsync();
        var report = await scope.Completion;

        Check.That(order is ["last", "first"], "steps run newest first");
        Check.That(report is { Steps: 3, Failed: 0, IsCompleted: true }, "every step is in the report");
        Check.That(scope.State == CleanupState.Closed, "the scope is closed");
        await DispatchAsync();
    }

    private static async Task DispatchAsync()
    {
        var services = new ServiceCollection().AddLogging().AddMetrics();
        services.AddCleanupDispatcher(options => options.Workers = WorkerCount.Auto);
        await using var provider = services.BuildServiceProvider();
        var dispatcher = provider.GetRequiredService<CleanupDispatcher>();
        var scope = provider.GetRequiredService<CleanupScopeFactory>().Create();
        var freed = new List<string>();
        scope.Defer(freed, static list => list.Add("freed"));

        dispatcher.Post(scope, CleanupReason.ClientClosed);
        await scope.Completion;

        Check.That(freed is ["freed"], "a posted scope is closed");
        Check.That(dispatcher.Snapshot().Posted == 1, "and counted");
    }
}
