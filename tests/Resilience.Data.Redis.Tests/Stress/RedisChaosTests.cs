using Resilience.Data.Redis.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Redis.Tests.Stress;

/// <summary>Two nodes that read and write while the server is killed again and again.</summary>
public sealed class RedisChaosTests
{
    private const int Keys = 40;
    private const int Workers = 6;
    private const int StepsBetween = 300;

    private static readonly TimeSpan LocalTtl = TimeSpan.FromMilliseconds(50);

    private readonly int[] _rows = new int[Keys];
    private readonly int[][] _floors = [new int[Keys], new int[Keys]];
    private long _steps;

    [Fact]
    public Task A_node_never_reads_less_than_it_wrote_and_all_is_right_at_rest_however_often_the_server_dies() => RunAsync(kills: 10);

    [Fact]
    [Trait("Category", "Soak")]
    public Task The_same_for_a_long_time() => RunAsync(kills: 1_000);

    private async Task RunAsync(int kills)
    {
        // Append-only: what was there before a kill is there after it, so an old entry would show.
        await using var server = await RedisServer.StartNewAsync(new RedisServerOptions { AppendOnly = true });
        var prefix = RedisServer.NewPrefix();
        await using var first = new RedisNode(server, prefix, static o => o.LocalTtl = LocalTtl, configuration: RedisNode.TriesOften(server));
        await using var second = new RedisNode(server, prefix, static o => o.LocalTtl = LocalTtl, configuration: RedisNode.TriesOften(server));
        RedisNode[] nodes = [first, second];
        using var stop = new CancellationTokenSource();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Environment.ProcessId}");
        var workers = Enumerable.Range(0, Workers).Select(w => Task.Run(() => WorkAsync(nodes[w % 2], w % 2, new Random(Environment.ProcessId + w), stop.Token))).ToArray();

        for (var kill = 0; kill < kills; kill++)
        {
            await StepsAsync(workers);
            await server.KillAsync();
            await StepsAsync(workers);
            await server.StartAsync();
        }

        await StepsAsync(workers);
        await stop.CancelAsync();
        await Task.WhenAll(workers).Within();
        foreach (var node in nodes)
        {
            await node.Metrics.WhenAsync(static m => m.Value("resilience.data.cache.pending_invalidations") == 0);
        }

        // At rest: what waited has been sent, and what the nodes kept of their own has ended.
        await Task.Delay(LocalTtl * 2, TimeProvider.System);
        for (var i = 0; i < 2 * Keys; i++)
        {
            var key = i / 2;
            (await nodes[i % 2].Cache.GetOrCreateAsync($"k{key}", _ => ValueTask.FromResult(Volatile.Read(ref _rows[key])))).ShouldBe(_rows[key], $"node {i % 2}, key {key}");
        }

        _rows.ShouldAllBe(static row => row > 0);
    }

    /// <summary>Waits until the workers have done something; one that failed ends the test at once.</summary>
    private async Task StepsAsync(Task[] workers)
    {
        var goal = Interlocked.Read(ref _steps) + StepsBetween;
        await Watchdog.UntilAsync(() => Interlocked.Read(ref _steps) >= goal || Array.Exists(workers, static w => w.IsFaulted));
        if (Array.Find(workers, static w => w.IsFaulted) is { } failed)
        {
            await failed;
        }
    }

    private async Task WorkAsync(RedisNode node, int index, Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var key = random.Next(Keys);
            switch (random.Next(6))
            {
                case 0:
                    int written;
                    await using (await node.Cache.BeginWriteAsync([$"k{key}"], cancellationToken: CancellationToken.None))
                    {
                        written = Interlocked.Increment(ref _rows[key]);
                    }

                    Versions.Raise(ref _floors[index][key], written);
                    break;
                case 1:
                    var changed = Interlocked.Increment(ref _rows[key]);
                    await node.Cache.RemoveAsync($"k{key}", CancellationToken.None);
                    Versions.Raise(ref _floors[index][key], changed);
                    break;
                default:
                    var floor = Volatile.Read(ref _floors[index][key]);
                    var seen = await node.Cache.GetOrCreateAsync(
                        $"k{key}",
                        async token =>
                        {
                            var row = Volatile.Read(ref _rows[key]);
                            await Task.Yield();
                            return row;
                        },
                        cancellationToken: CancellationToken.None);
                    seen.ShouldBeGreaterThanOrEqualTo(floor, $"node {index}, key {key}");
                    break;
            }

            Interlocked.Increment(ref _steps);
        }
    }
}
