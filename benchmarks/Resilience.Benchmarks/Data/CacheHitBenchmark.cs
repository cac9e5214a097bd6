using System.ComponentModel;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Data;

namespace Resilience.Benchmarks.Data;

[Description("What does a hit cost, beside MemoryCache, which has neither fences nor tags nor stampede protection?")]
public class CacheHitBenchmark
{
    private static readonly string[] Tags = ["channels", "user:7"];

    private readonly MemoryCache _memory = new(new MemoryCacheOptions());
    private readonly FencedCache _fenced;

    public CacheHitBenchmark()
    {
        _memory.Set("channel:42", "general", TimeSpan.FromDays(1));
        var services = new ServiceCollection().AddMetrics();
        services.AddFencedCache(static o => o.Ttl = TimeSpan.FromDays(7));
        _fenced = services.BuildServiceProvider().GetRequiredService<FencedCache>();
        Fill("channel:42", null).GetAwaiter().GetResult();
        Fill("tagged:42", Tags).GetAwaiter().GetResult();
    }

    [Benchmark(Baseline = true, Description = "MemoryCache")]
    public string? Memory() => _memory.Get<string>("channel:42");

    [Benchmark(Description = "Resilience")]
    public ValueTask<string> Fenced() => _fenced.GetOrCreateAsync("channel:42", 0, static (_, _) => ValueTask.FromResult("general"));

    [Benchmark(Description = "Resilience, two tags")]
    public ValueTask<string> Tagged() => _fenced.GetOrCreateAsync("tagged:42", 0, static (_, _) => ValueTask.FromResult("general"));

    private async Task Fill(string key, string[]? tags) => await _fenced.GetOrCreateAsync(key, 0, static (_, _) => ValueTask.FromResult("general"), tags: tags);
}
