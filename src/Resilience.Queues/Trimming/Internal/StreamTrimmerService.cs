using Microsoft.Extensions.Hosting;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>Runs the trimmer: triggers as they come, and every stream at its interval. Nothing ends it but the end of the host.</summary>
internal sealed class StreamTrimmerService(StreamTrimmer trimmer, StreamTrimmerOptions options, TimeProvider time, Random random) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(trimmer.RunTriggersAsync(stoppingToken), RunIntervalsAsync(stoppingToken));

    private async Task RunIntervalsAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await trimmer.RunIntervalAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);

            // This loop is the only user of its source of randomness.
            await Task.Delay(Backoff.WithJitter(options.Interval, 0.2, random), time, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | (Systematic.KeepContext ? ConfigureAwaitOptions.ContinueOnCapturedContext : 0));
        }
    }
}
