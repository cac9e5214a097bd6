using Microsoft.Extensions.Hosting;
using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>
/// Ends the dispatcher when all servers and services of the host have stopped, because until then they still post; the lanes end after it, because it still posts to them.
/// </summary>
internal sealed class CleanupDrainService(CleanupDispatcher dispatcher, IEnumerable<ILaneState> lanes) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await dispatcher.DrainAsync().ConfigureAwait(Systematic.KeepContext);
        await Task.WhenAll(lanes.Select(static lane => lane.DrainAsync())).ConfigureAwait(Systematic.KeepContext);
    }
}
