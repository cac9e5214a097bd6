using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

/// <summary>I1: after every connection has ended, whichever way and whatever else happened just then, every count is zero.</summary>
public sealed class LeakTests
{
    [Fact]
    public Task I1_A_thousand_connections_that_end_by_chance_under_traffic_leave_nothing_behind() => EndAsync(1000);

    [Fact]
    [Trait("Category", "Soak")]
    public Task I1_Ten_thousand_connections_that_end_by_chance_under_traffic_leave_nothing_behind() => EndAsync(10_000);

    private static async Task EndAsync(int total)
    {
        var observer = new CountingObserver();
        var producers = new Counter();
        await using var app = await SseApp.StartAsync(
            static o =>
            {
                o.MaxConnectionsPerKey = 200;
                o.HeartbeatInterval = TimeSpan.FromSeconds(1);
                o.StaleTimeout = TimeSpan.FromSeconds(5);
                o.TokenRevalidationInterval = TimeSpan.FromSeconds(1);
            },
            s => s.AddSingleton<ISseConnectionObserver>(observer).AddScoped<ISseTokenValidator, ByTag>(),
            a =>
            {
                a.MapSse("/short", static (_, _) => Subscribe()).WithSse(static o => o.MaxLifetime = TimeSpan.FromSeconds(1));
                a.MapSse("/expiring", static (connect, _) => Tagged(connect));
                a.MapSse("/refused", static (_, _) => ValueTask.FromResult(Results.StatusCode(403)));
                a.MapSse("/broken", static (_, _) => throw new InvalidOperationException("handler"));
                a.MapSse("/producer", (_, _) => ValueTask.FromResult<IResult>(SseResults.Stream(ct => Produce(producers, ct))));
            });
        using var metrics = new MetricCollector(app.App.Services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), "Resilience.Sse");
        using var stop = new CancellationTokenSource();
        var publishing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await app.Publisher.PublishAsync("news", "x");
                await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
            }
        });
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, 50).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            while (Interlocked.Increment(ref next) <= total)
            {
                await OneAsync(app, random);
            }
        }))).Within(TimeSpan.FromSeconds(60));
        await stop.CancelAsync();
        await publishing;

        // All at one look: a connection that its client reset unread may still come out of the listener's queue, open and end.
        await Watchdog.UntilAsync(() => Left().Length == 0, TimeSpan.FromSeconds(10), Left);
        app.Manager.GetStatistics().Opened.ShouldBeGreaterThan(total / 2);
        await AssertCollectedAsync(app);

        string Left()
        {
            var statistics = app.Manager.GetStatistics();
            (string What, long Count)[] left =
            [
                ("connections", app.Manager.ConnectionCount),
                ("slots", app.Node.Limiter.Count),
                ("keys", app.Node.Limiter.Keys),
                ("on the wheel", app.Node.Wheel.Count),
                ("subscribers", app.Node.Hub.Find("news")!.SubscriberCount),
                ("producers", producers.Value),
                ("not told to the observer", observer.Opened - observer.Closed),
                ("not counted as closed", statistics.Opened - statistics.Closed.Values.Sum()),
                ("active", (long)metrics.Value("resilience.sse.connections.active")),
                ("not measured as closed", statistics.Opened - (long)metrics.Values("resilience.sse.connections.closed").Sum()),
            ];
            return string.Join(", ", left.Where(static l => l.Count != 0).Select(static l => $"{l.What}: {l.Count}"));
        }
    }

    private static async Task OneAsync(SseApp app, Random random)
    {
        var path = random.Next(12) switch { 0 => "/short", 1 => "/expiring", 2 => "/refused", 3 => "/broken", 4 or 5 => "/producer", _ => "/events" };
        using var client = await RawClient.ConnectAsync(app.EndPoint, path);
        if (path is "/refused" or "/broken")
        {
            await client.ReadUntilAsync(static c => c.Status > 0);
            return;
        }

        if (path is "/short" or "/expiring")
        {
            await client.ReadUntilAsync(static c => c.Terminated || c.Status > 200);
            return;
        }

        switch (random.Next(6))
        {
            case 0:
                // Gone before a byte was read, perhaps before the handler ran.
                client.Reset();
                break;
            case 1:
                await client.ReadUntilAsync(static c => c.Parser.Blocks > 0 || c.Status > 200);
                client.Reset();
                break;
            case 2:
                await client.ReadUntilAsync(static c => c.Parser.Blocks > 0 || c.Status > 200);
                client.HalfClose();
                await client.ReadUntilAsync(static c => c.Closed);
                break;
            case 3:
                await client.ReadUntilAsync(static c => c.Parser.Events.Count > 0 || c.Status > 200);
                break;
            case 4:
                await client.ReadUntilAsync(static c => c.Parser.Blocks > 0 || c.Status > 200);
                var ids = app.Manager.Snapshot().Take(2).Select(static c => c.Id).ToList();
                foreach (var id in ids)
                {
                    await app.Manager.CloseAsync(SseTarget.Connection(id), "kicked");
                }

                break;
            default:
                await client.ReadUntilAsync(static c => c.Parser.Blocks > 0 || c.Status > 200);
                await app.Manager.UnsubscribeAsync(SseTarget.Channel("news"), "other");
                break;
        }
    }

    private static async Task AssertCollectedAsync(SseApp app)
    {
        var weak = await OpenAndForgetAsync(app);
        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0);
        await Watchdog.UntilAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !weak.IsAlive;
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> OpenAndForgetAsync(SseApp app)
    {
        using var client = await (await RawClient.ConnectAsync(app.EndPoint, "/events?channels=forgotten")).OpenedAsync();
        return new WeakReference(app.Node.Connections.Single(static c => c.Matches(SseTarget.Channel("forgotten"))));
    }

    private static ValueTask<IResult> Subscribe() => ValueTask.FromResult<IResult>(SseResults.Subscribe("news"));

    private static ValueTask<IResult> Tagged(SseConnectContext connect)
    {
        connect.Tag("expiring");
        return Subscribe();
    }

    private static async IAsyncEnumerable<string> Produce(Counter running, [EnumeratorCancellation] CancellationToken ct)
    {
        running.Add(1);
        try
        {
            yield return "one";
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, ct);
            throw new InvalidOperationException("producer");
        }
        finally
        {
            running.Add(-1);
        }
    }

    private sealed class Counter
    {
        private int _value;

        public int Value => Volatile.Read(ref _value);

        public void Add(int change) => Interlocked.Add(ref _value, change);
    }

    private sealed class ByTag : ISseTokenValidator
    {
        public ValueTask<SseTokenStatus> ValidateAsync(SseTokenContext context, CancellationToken cancellationToken) =>
            ValueTask.FromResult(context.Connection.Tags.Contains("expiring") ? SseTokenStatus.Expired : SseTokenStatus.Valid);
    }
}
