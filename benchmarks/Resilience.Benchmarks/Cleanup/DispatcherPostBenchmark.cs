using System.ComponentModel;
using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Resilience.Cleanup;

namespace Resilience.Benchmarks.Cleanup;

[Description("What does a posted scope cost until it is closed, with 1, 2 and 4 workers, beside a plain bounded channel whose reader closes it?")]
[WarmupCount(150)] // one invocation per iteration: fewer would measure code that the JIT has not optimised yet
[IterationCount(60)]
public class DispatcherPostBenchmark
{
    private const int Count = 10_000;

    private readonly CleanupScope[] _scopes = new CleanupScope[Count];

    [IterationSetup]
    public void Build()
    {
        for (var i = 0; i < Count; i++)
        {
            _scopes[i] = new CleanupScope();
            _scopes[i].Defer(this, static _ => { });
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Count, Description = "bounded channel, one reader")]
    public async Task PlainChannel()
    {
        var channel = Channel.CreateBounded<CleanupScope>(new BoundedChannelOptions(65_536) { SingleReader = true });
        var reader = Task.Run(async () =>
        {
            await foreach (var scope in channel.Reader.ReadAllAsync())
            {
                await scope.CleanupAsync();
            }
        });
        foreach (var scope in _scopes)
        {
            await channel.Writer.WriteAsync(scope);
        }

        channel.Writer.Complete();
        await reader;
    }

    [Benchmark(OperationsPerInvoke = Count, Description = "Resilience dispatcher, 1 worker")]
    public Task OneWorker() => Dispatch(1);

    [Benchmark(OperationsPerInvoke = Count, Description = "Resilience dispatcher, 2 workers")]
    public Task TwoWorkers() => Dispatch(2);

    [Benchmark(OperationsPerInvoke = Count, Description = "Resilience dispatcher, 4 workers")]
    public Task FourWorkers() => Dispatch(4);

    private async Task Dispatch(int workers)
    {
        await using var dispatcher = new CleanupDispatcher(
            new CleanupDispatcherOptions { Workers = workers }, TimeProvider.System, NullLogger<CleanupDispatcher>.Instance);
        foreach (var scope in _scopes)
        {
            dispatcher.Post(scope, CleanupReason.TransportError);
        }
    }
}
