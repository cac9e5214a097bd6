using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

/// <summary>
/// Ten thousand connections on real sockets in ten waves of a thousand that are open together. Nine waves end in every way but one, the tenth by the host's stop.
/// The clock is the test's, so that lifetimes, tokens and rests end when they are meant to.
/// </summary>
public sealed partial class TenThousand : IAsyncLifetime
{
    public const int Total = 10_000;

    /// <summary>The server's pools keep what the busiest wave needed; a kilobyte for each of eight thousand connections would be more.</summary>
    public const long Tolerated = 8L << 20;

    private const int Wave = 1000;
    private const int MixedWaves = (Total / Wave) - 1;

    /// <summary>
    /// Seconds after which every lifetime is over and every token has been looked at. Tokens are looked at from the half on, and who is told to end then has five seconds
    /// by this clock to take the last words: the clock stops before.
    /// </summary>
    private const int ByTime = 8;

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly EndWay[] Mixed = [.. Enum.GetValues<EndWay>().Where(static w => w != EndWay.Shutdown)];

    private readonly ManualTimeProvider _time = new();
    private readonly CountingObserver _observer = new();
    private readonly ScopedCounter _scoped = new();
    private readonly ScopedCounter _producers = new();
    private readonly List<string> _touched = [];
    private readonly List<GuardedContext> _contexts = [];
    private readonly List<WeakReference<SseConnection>> _opened = [];
    private readonly MeterListener _listener = new();
    private SseApp _app = null!;
    private RawClient _holder = null!;
    private int _requests;
    private long _active;
    private long _memory;

    /// <summary>How many connections were told to end in each way.</summary>
    public Dictionary<EndWay, int> Ended { get; } = Enum.GetValues<EndWay>().ToDictionary(static w => w, static _ => 0);

    public IReadOnlyList<string> Touched => _touched;

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Scoped services of handlers that stayed alive while a wave of streams was open.</summary>
    public int ScopedWhileStreaming { get; private set; }

    public int ScopedMade => _scoped.Made;

    /// <summary>Connections that something still referred to when their wave was over.</summary>
    public int Referenced { get; private set; }

    /// <summary>Bytes by which memory grew from after the first wave to after the ninth.</summary>
    public long Growth { get; private set; }

    public long ActiveGauge => Interlocked.Read(ref _active);

    public int LiveProducers => _producers.Alive;

    public int ObserverBalance => _observer.Opened - _observer.Closed;

    /// <summary>Timers of the manager's clock before the streams and after them.</summary>
    public (int Before, int After) Timers { get; private set; }

    internal SseNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await StartAsync();
        var before = _time.ActiveTimers;
        for (var wave = 0; wave < MixedWaves; wave++)
        {
            await RunMixedAsync(wave);
            Referenced += await CollectAsync();
            if (wave == 0)
            {
                _memory = GC.GetTotalMemory(true);
            }
        }

        await SettleAsync(() => (Growth = GC.GetTotalMemory(true) - _memory) < Tolerated ? 0 : 1);

        // A request that its client reset unread may still be with its handler, whose time has a timer.
        await SettleAsync(() => _time.ActiveTimers - before);
        Timers = (before, _time.ActiveTimers);
        await RunShutdownAsync();
        Referenced += await CollectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _holder.Dispose();
        await _app.App.DisposeAsync();
    }

    private async Task RunMixedAsync(int wave)
    {
        var clients = await OpenAsync(wave, static i => Mixed[i % Mixed.Length]);
        var byTime = 1 + clients.Count(static c => c.Way is EndWay.Timeout or EndWay.TokenExpiry or EndWay.ProducerThrows);
        await WhenOpenAsync(byTime + clients.Count(static c => c.Way is EndWay.Close or EndWay.Reset or EndWay.HalfClose or EndWay.Kicked));
        await _app.Publisher.PublishAsync("news", "x");
        await Task.WhenAll(clients.Select(EndByClientAsync)).Within(Patience);
        await _app.Manager.CloseAsync(SseTarget.Tag("kicked"), "kicked");
        await Watchdog.UntilAsync(() => _app.Manager.ConnectionCount == byTime, Patience, () => $"{_app.Manager.ConnectionCount} instead of {byTime}; {_app.Closed}");

        // The two rests of the producers, which are armed on threads of their own, beside the wheel's timer; the third failure ends the stream.
        var producing = clients.Count(static c => c.Way == EndWay.ProducerThrows);
        for (var rest = 0; rest < 2; rest++)
        {
            await Watchdog.UntilAsync(() => _time.DueIn.Count(static due => due == Rest) == producing + 1, Patience, () => _app.Closed);
            Turn(1);
        }

        await Watchdog.UntilAsync(() => _app.Manager.ConnectionCount == byTime - producing, Patience, () => _app.Closed);

        // Every lifetime is over and every token is looked at.
        Turn(ByTime - 2);
        await Watchdog.UntilAsync(
            () => Closed("timeout") == Ended[EndWay.Timeout] && Closed("token_expired") == Ended[EndWay.TokenExpiry], Patience, () => _app.Closed);
        await Watchdog.UntilAsync(() => _app.Manager.ConnectionCount == 1, Patience, () => _app.Closed);
        await Task.WhenAll(clients.Select(ReadLastWordsAsync)).Within(Patience);
        Forget(clients);
    }

    private async Task RunShutdownAsync()
    {
        var clients = await OpenAsync(MixedWaves, static _ => EndWay.Shutdown, Wave - 1);
        await WhenOpenAsync(clients.Length + 1);
        await _app.App.StopAsync().Within(Patience);
        foreach (var client in clients.Select(static c => c.Client).Append(_holder))
        {
            (await client.ReadUntilAsync(static c => c.Terminated)).ShouldBeTrue();
            client.Parser.Events[^1].Data.ShouldBe("""{"reason":"shutdown"}""");
        }

        Ended[EndWay.Shutdown]++;
        Forget(clients);
    }

    private async Task<(EndWay Way, RawClient Client)[]> OpenAsync(int wave, Func<int, EndWay> way, int count = Wave)
    {
        var clients = new (EndWay, RawClient)[count];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
        {
            var how = way(i);
            var key = how == EndWay.Limit ? "full" : $"{wave}-{i}";
            var client = await RawClient.ConnectAsync(_app.EndPoint, $"{Path(how)}?key={key}");
            clients[i] = (how, client);
            if (how == EndWay.ResetUnread)
            {
                client.Reset();
                return;
            }

            await client.ReadUntilAsync(static c => c.Parser.Blocks > 0 || c.Status > 200);
            client.Status.ShouldBe(how switch { EndWay.HandlerThrows => 500, EndWay.Limit => 429, EndWay.Refusal => 403, _ => 200 });
        });
        foreach (var (how, _) in clients)
        {
            Ended[how]++;
        }

        return clients;
    }

    private async Task WhenOpenAsync(int count)
    {
        await Watchdog.UntilAsync(
            () => _app.Manager.ConnectionCount == count && Node.Connections.All(static c => c.State == SseConnectionState.Open),
            Patience,
            () => $"{_app.Manager.ConnectionCount} of {count}");

        // A request that its client reset unread may still be on its way through a handler: what belonged to a stream would stay.
        ScopedWhileStreaming += await SettleAsync(() => _scoped.Alive);
        Remember();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Remember() => _opened.AddRange(Node.Connections.Where(static c => c.Key != "full").Select(static c => new WeakReference<SseConnection>(c)));

    private long Closed(string reason) => _app.Manager.GetStatistics().Closed[reason];

    private void Turn(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Counts the connections that ended and that something refers to. Until then the sources of their aborts live: a registration that was left keeps its connection.</summary>
    private async Task<int> CollectAsync()
    {
        var referenced = await SettleAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return _opened.Count(static w => w.TryGetTarget(out _));
        });
        lock (_contexts)
        {
            GC.KeepAlive(_contexts);
            _contexts.Clear();
        }

        _opened.Clear();
        return referenced;
    }

    /// <summary>Waits for zero within a bound, and gives what is left then, so that a named test says what it is.</summary>
    private static async Task<int> SettleAsync(Func<int> left)
    {
        var now = left();
        for (var i = 0; i < 3000 && now > 0; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            now = left();
        }

        return now;
    }

    private static string Path(EndWay way) => way switch
    {
        EndWay.HandlerThrows => "/broken",
        EndWay.ProducerThrows => "/producer",
        EndWay.Timeout => "/short",
        EndWay.TokenExpiry => "/expiring",
        EndWay.Refusal => "/refused",
        EndWay.Kicked => "/kicked",
        _ => "/all",
    };

    private static async Task EndByClientAsync((EndWay Way, RawClient Client) one)
    {
        switch (one.Way)
        {
            case EndWay.Close:
                await one.Client.ReadUntilAsync(static c => c.Parser.Events.Count > 0);
                one.Client.Dispose();
                break;
            case EndWay.Reset:
                one.Client.Reset();
                break;
            case EndWay.HalfClose:
                one.Client.HalfClose();
                await one.Client.ReadUntilAsync(static c => c.Closed);
                break;
        }
    }

    private static async Task ReadLastWordsAsync((EndWay Way, RawClient Client) one)
    {
        var told = one.Way switch
        {
            EndWay.Kicked => "kicked",
            EndWay.Timeout => "TIMEOUT",
            EndWay.TokenExpiry => "TOKEN_EXPIRED",
            EndWay.ProducerThrows => "PRODUCER_FAILED",
            _ => null,
        };
        if (told is not null)
        {
            (await one.Client.ReadUntilAsync(static c => c.Terminated)).ShouldBeTrue();
            one.Client.Parser.Events[^1].Data.ShouldContain(told);
        }
    }

    private static void Forget((EndWay Way, RawClient Client)[] clients)
    {
        foreach (var (_, client) in clients)
        {
            client.Dispose();
        }
    }
}
