using System.Data.Common;
using Resilience.Benchmarks.Data;
using Resilience.Data.Tests.Support;

namespace Resilience.Data.Tests.Unit;

/// <summary>What stands behind the cost of the wrapper: bytes. Its nanoseconds are the benchmark's.</summary>
public sealed class WatchedCommandCostTests
{
    private const int Runs = 1_000;

    [Theory]
    [InlineData(false, 16)]
    [InlineData(true, 128)]
    public async Task A_command_in_a_scope_allocates_at_most_128_bytes(bool async, int limit)
    {
        var fixture = new MonitorFixture();
        await using var command = Command(fixture);
        using var scope = fixture.Monitor.BeginScope("cost");

        (await LeastAsync(command, async) / Runs).ShouldBeLessThanOrEqualTo(limit);

        scope.Count.ShouldBeGreaterThan(Runs);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_command_that_nobody_watches_allocates_nothing(bool async)
    {
        var fixture = new MonitorFixture(configure: static o => o.Enabled = false);
        await using var command = Command(fixture);

        (await LeastAsync(command, async)).ShouldBe(0);

        fixture.Monitor.Snapshot().ShouldBeEmpty();
    }

    private static DbCommand Command(MonitorFixture fixture)
    {
        fixture.Collected.Dispose();
        var command = new MonitoredDbDataSource(new NullSource(), fixture.Monitor).CreateConnection().CreateCommand();
        command.CommandText = "SELECT id, name FROM channels WHERE id = @id";
        return command;
    }

    /// <summary>The least of some rounds: the runtime itself allocates now and then.</summary>
    private static async Task<long> LeastAsync(DbCommand command, bool async)
    {
        var least = long.MaxValue;
        for (var round = 0; round < 6; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Runs; i++)
            {
                // Nothing waits here: what is asynchronous ends on this thread too.
                _ = async ? await command.ExecuteNonQueryAsync() : command.ExecuteNonQuery();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
