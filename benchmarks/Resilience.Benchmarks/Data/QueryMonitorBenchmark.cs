using System.ComponentModel;
using System.Data.Common;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Data;

namespace Resilience.Benchmarks.Data;

[Description("What does the monitor add to a command with one parameter that does nothing: watched, in a scope, and switched off without a scope?")]
public class QueryMonitorBenchmark
{
    private const string Text = "SELECT id, name, private, created_at FROM channels WHERE id = @id AND deleted_at IS NULL ORDER BY id";

    private readonly DbCommand _plain = new NullCommand { CommandText = Text };
    private readonly DbCommand _watched = Wrapped(enabled: true);
    private readonly DbCommand _off = Wrapped(enabled: false);
    private readonly QueryMonitor _monitor = Monitor(enabled: true);
    private readonly DbCommand _scoped;

    public QueryMonitorBenchmark()
    {
        _scoped = new MonitoredDbDataSource(new NullSource(), _monitor).CreateConnection().CreateCommand();
        _scoped.CommandText = Text;
    }

    [Benchmark(Baseline = true, Description = "the clock read twice, as timing takes")]
    public long Clock() => TimeProvider.System.GetTimestamp() - TimeProvider.System.GetTimestamp();

    [Benchmark(Description = "command, nothing around it")]
    public int Plain() => _plain.ExecuteNonQuery();

    [Benchmark(Description = "Resilience, watched")]
    public int Watched() => _watched.ExecuteNonQuery();

    [Benchmark(Description = "Resilience, watched, asynchronous")]
    public Task<int> WatchedAsync() => _watched.ExecuteNonQueryAsync();

    [Benchmark(Description = "Resilience, in a scope of 1000 commands, each", OperationsPerInvoke = 1_000)]
    public int Scoped()
    {
        using var scope = _monitor.BeginScope("benchmark");
        for (var i = 0; i < 1_000; i++)
        {
            _scoped.ExecuteNonQuery();
        }

        return scope.Count;
    }

    [Benchmark(Description = "Resilience, in a scope of 1000 commands, asynchronous, each", OperationsPerInvoke = 1_000)]
    public async Task<int> ScopedAsync()
    {
        using var scope = _monitor.BeginScope("benchmark");
        for (var i = 0; i < 1_000; i++)
        {
            await _scoped.ExecuteNonQueryAsync();
        }

        return scope.Count;
    }

    [Benchmark(Description = "Resilience, switched off, no scope")]
    public int Off() => _off.ExecuteNonQuery();

    [Benchmark(Description = "Resilience, switched off, no scope, asynchronous")]
    public Task<int> OffAsync() => _off.ExecuteNonQueryAsync();

    private static DbCommand Wrapped(bool enabled)
    {
        var command = new MonitoredDbDataSource(new NullSource(), Monitor(enabled)).CreateConnection().CreateCommand();
        command.CommandText = Text;
        return command;
    }

    private static QueryMonitor Monitor(bool enabled) => new ServiceCollection().AddMetrics().AddQueryMonitor(o => o.Enabled = enabled)
        .BuildServiceProvider().GetRequiredService<QueryMonitor>();
}
