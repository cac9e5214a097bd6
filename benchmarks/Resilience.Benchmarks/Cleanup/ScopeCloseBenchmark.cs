using System.ComponentModel;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Cleanup;

namespace Resilience.Benchmarks.Cleanup;

[Description("What does it cost to close a scope with five synchronous steps, beside a hand-written try/finally chain and a DI scope with five disposables?")]
[WarmupCount(150)] // one invocation per iteration: fewer would measure code that the JIT has not optimised yet
[IterationCount(60)]
public class ScopeCloseBenchmark
{
    private const int Count = 4096;

    private static readonly ServiceProvider Provider = new ServiceCollection()
        .AddScoped<A>().AddScoped<B>().AddScoped<C>().AddScoped<D>().AddScoped<E>()
        .BuildServiceProvider();

    private readonly CleanupScope[] _scopes = new CleanupScope[Count];
    private readonly Five[] _chains = new Five[Count];
    private readonly IServiceScope[] _diScopes = new IServiceScope[Count];

    [IterationSetup(Target = nameof(Scope))]
    public void BuildScopes()
    {
        for (var i = 0; i < Count; i++)
        {
            var scope = _scopes[i] = new CleanupScope();
            scope.Use(new A());
            scope.Use(new B());
            scope.Use(new C());
            scope.Use(new D());
            scope.Use(new E());
        }
    }

    [IterationSetup(Target = nameof(TryFinally))]
    public void BuildChains()
    {
        for (var i = 0; i < Count; i++)
        {
            _chains[i] = new Five(new A(), new B(), new C(), new D(), new E());
        }
    }

    [IterationSetup(Target = nameof(ServiceScope))]
    public void BuildServiceScopes()
    {
        for (var i = 0; i < Count; i++)
        {
            var scope = _diScopes[i] = Provider.CreateScope();
            scope.ServiceProvider.GetRequiredService<A>();
            scope.ServiceProvider.GetRequiredService<B>();
            scope.ServiceProvider.GetRequiredService<C>();
            scope.ServiceProvider.GetRequiredService<D>();
            scope.ServiceProvider.GetRequiredService<E>();
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Count, Description = "DI scope, five disposables")]
    public void ServiceScope()
    {
        foreach (var scope in _diScopes)
        {
            scope.Dispose();
        }
    }

    [Benchmark(OperationsPerInvoke = Count, Description = "try/finally chain, five disposables")]
    public void TryFinally()
    {
        foreach (var chain in _chains)
        {
            chain.Dispose();
        }
    }

    [Benchmark(OperationsPerInvoke = Count, Description = "Resilience scope, five disposables")]
    public int Scope()
    {
        var steps = 0;
        foreach (var scope in _scopes)
        {
            var closing = scope.CleanupAsync(CleanupReason.ClientClosed);
            steps += closing.IsCompletedSuccessfully ? closing.Result.Succeeded : 0;
        }

        return steps;
    }

    private sealed record Five(IDisposable One, IDisposable Two, IDisposable Three, IDisposable Four, IDisposable Last)
    {
        public void Dispose()
        {
            try
            {
                Last.Dispose();
            }
            finally
            {
                try
                {
                    Four.Dispose();
                }
                finally
                {
                    try
                    {
                        Three.Dispose();
                    }
                    finally
                    {
                        try
                        {
                            Two.Dispose();
                        }
                        finally
                        {
                            One.Dispose();
                        }
                    }
                }
            }
        }
    }

    private class Resource : IDisposable
    {
        public int Disposed { get; private set; }

        public void Dispose() => Disposed++;
    }

    private sealed class A : Resource;

    private sealed class B : Resource;

    private sealed class C : Resource;

    private sealed class D : Resource;

    private sealed class E : Resource;
}
