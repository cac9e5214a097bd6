using Microsoft.Extensions.Hosting;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>Samples a queue and cleans it up, each in a loop of its own. Nothing ends a loop but the end of the host: what fails is counted and tried again.</summary>
internal sealed class QueueService<T>(DelayedQueue<T> queue) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await ConnectAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
        await Task.WhenAll(
            LoopAsync(queue.Options.StatsInterval, jitter: 0, SampleAsync, stoppingToken),
            LoopAsync(queue.Options.CleanupInterval, jitter: 0.1, CleanUpAsync, stoppingToken)).ConfigureAwait(Systematic.KeepContext);
    }

    /// <summary>The host starts without the store; those who use the queue meanwhile get the store's exception.</summary>
    private async Task ConnectAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
#pragma warning disable CA1031 // Whatever the store throws, the next attempt may succeed.
            try
            {
                await queue.StartAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
                await SampleAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
                return;
            }
            catch (Exception error)
            {
                if (stoppingToken.IsCancellationRequested)
                {
                    return;
                }

                Telling.Guard(() => queue.Monitor.StoreFailed(error));
            }
#pragma warning restore CA1031

            await DelayAsync(queue.Options.StatsInterval, stoppingToken).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private async Task LoopAsync(TimeSpan interval, double jitter, Func<CancellationToken, Task> step, CancellationToken stoppingToken)
    {
        while (await DelayAsync(queue.Jitter(interval, jitter), stoppingToken).ConfigureAwait(Systematic.KeepContext))
        {
#pragma warning disable CA1031 // A loop that ends by an exception would end unseen: the store's trouble is an alert.
            try
            {
                await step(stoppingToken).ConfigureAwait(Systematic.KeepContext);
            }
            catch (Exception error)
            {
                if (stoppingToken.IsCancellationRequested)
                {
                    return;
                }

                Telling.Guard(() => queue.Monitor.StoreFailed(error));
            }
#pragma warning restore CA1031
        }
    }

    private async Task SampleAsync(CancellationToken stoppingToken) =>
        queue.Monitor.Sampled(await queue.GetStatsAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext));

    private async Task CleanUpAsync(CancellationToken stoppingToken) =>
        await queue.CleanupAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);

    /// <summary>False when the host stops.</summary>
    private async Task<bool> DelayAsync(TimeSpan delay, CancellationToken stoppingToken)
    {
        await Task.Delay(delay, queue.Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | Context);
        return !stoppingToken.IsCancellationRequested;
    }

    private static ConfigureAwaitOptions Context => Systematic.KeepContext ? ConfigureAwaitOptions.ContinueOnCapturedContext : ConfigureAwaitOptions.None;
}
