using Microsoft.Extensions.DependencyInjection;
using Resilience.Benchmarks;
using Resilience.Queues;

namespace Resilience.LoadTests.Queues;

/// <summary>What an append pays for being trimmed.</summary>
internal sealed class TrimmerNotify : ILoadTest
{
    private const int Calls = 20_000_000;
    private const int Rounds = 5;

    public string Question => "What does NotifyAppended cost the appender?";

    public Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddStreamTrimmer(static o => o.AddStream("events")).UseStore(static _ => new Unreached());
        using var provider = services.BuildServiceProvider();
        var trimmer = provider.GetRequiredService<IStreamTrimmer>();
        var best = double.MaxValue;
        var bytes = 0L;
        for (var round = -1; round < Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var began = TimeProvider.System.GetTimestamp();
            for (var i = 0; i < Calls; i++)
            {
                trimmer.NotifyAppended("events");
            }

            var cost = TimeProvider.System.GetElapsedTime(began).TotalNanoseconds / Calls;
            bytes = GC.GetAllocatedBytesForCurrentThread() - allocated;
            best = round < 0 ? best : Math.Min(best, cost);
        }

        IReadOnlyList<ResultRow> rows = [new("Resilience NotifyAppended", best, "ns/call"), new("Resilience NotifyAppended, allocated", (double)bytes / Calls, "B/call")];
        return Task.FromResult(new LoadTestResult(rows, "Target: at most 20 ns and 0 B."));
    }

    private sealed class Unreached : IStreamTrimStore
    {
        public ValueTask<TrimResult> TrimAsync(TrimRequest request, CancellationToken cancellationToken = default) => throw new IOException();

        public ValueTask<ServerMemory> GetMemoryAsync(CancellationToken cancellationToken = default) => throw new IOException();
    }
}
