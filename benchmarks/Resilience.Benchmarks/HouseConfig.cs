using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Resilience.Benchmarks;

/// <summary>One configuration for all micro-benchmarks: in process, so that all cases of a class share one runtime and one machine state.</summary>
internal sealed class HouseConfig : ManualConfig
{
    public HouseConfig()
    {
        AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(5).WithIterationCount(12));
        AddDiagnoser(MemoryDiagnoser.Default);
        AddLogger(ConsoleLogger.Default);
        AddColumnProvider(DefaultColumnProviders.Instance);
        WithArtifactsPath(Path.Combine("artifacts", "benchmarks"));
    }
}
