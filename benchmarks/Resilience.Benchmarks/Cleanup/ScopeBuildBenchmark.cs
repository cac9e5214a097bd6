using System.ComponentModel;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Cleanup;

namespace Resilience.Benchmarks.Cleanup;

[Description("What does it cost to make a scope, register five resources and close it? Scopes are not pooled.")]
public class ScopeBuildBenchmark
{
    private static readonly ServiceProvider Provider = new ServiceCollection().AddScoped<MemoryStream>().BuildServiceProvider();

    private readonly IDisposable[] _resources = [.. Enumerable.Range(0, 5).Select(static _ => new MemoryStream())];
    private readonly CancellationTokenSource _shutdown = new();

    [Benchmark(Baseline = true, Description = "DI scope: make, resolve one, dispose")]
    public void ServiceScope()
    {
        using var scope = Provider.CreateScope();
        scope.ServiceProvider.GetRequiredService<MemoryStream>();
    }

    [Benchmark(Description = "Resilience scope: make, register five, close")]
    public ValueTask<CleanupReport> Scope()
    {
        var scope = new CleanupScope();
        foreach (var resource in _resources)
        {
            scope.Use(resource);
        }

        return scope.CleanupAsync();
    }

    [Benchmark(Description = "Resilience scope: the same with CloseWhen on a long-lived token")]
    public ValueTask<CleanupReport> ScopeWithToken()
    {
        var scope = new CleanupScope();
        scope.CloseWhen(_shutdown.Token);
        foreach (var resource in _resources)
        {
            scope.Use(resource);
        }

        return scope.CleanupAsync();
    }
}
