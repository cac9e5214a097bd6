using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Resilience.Cleanup;
using Resilience.Sse;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Sse;

/// <summary>The real manager, limiter, hub, pump, drain and connector on the clock of a schedule. The wheel turns only when the test turns it.</summary>
internal sealed class ScheduledNode : ISseConnectionObserver
{
    // What has no state of a schedule in it.
    private static readonly ServiceProvider Services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private static readonly SseMetrics Metrics = new(Services.GetRequiredService<IMeterFactory>());

    private readonly Schedule _schedule;
    private int _open;

    public ScheduledNode(Schedule schedule, int maxConnections = 100)
    {
        _schedule = schedule;
        var options = new SseManagerOptions { MaxConnections = maxConnections, MaxConnectionsPerKey = maxConnections, AttemptBurst = 10_000 };
        var revalidator = new TokenRevalidator(Services.GetRequiredService<IServiceScopeFactory>(), Services.GetRequiredService<IServiceProviderIsService>());
        var scopes = new CleanupScopeFactory(new CleanupScopeOptions(), schedule.Time, NullLogger<CleanupScope>.Instance);
        Node = new SseNode(Options.Create(options), schedule.Time, Metrics, NullLogger<ISseManager>.Instance, revalidator, scopes, [this]);
        Drain = new SseDrain(Node);
        Manager = new SseManager(Node, new LocalBackplane(Node), Drain);
        Connector = new SseConnector(Node, Drain, Services.GetRequiredService<IServiceScopeFactory>(), Services);
    }

    public SseNode Node { get; }

    public SseDrain Drain { get; }

    public SseManager Manager { get; }

    public SseConnector Connector { get; }

    public int Opened { get; private set; }

    public int Closed { get; private set; }

    /// <summary>The most streams that were open together.</summary>
    public int MostOpen { get; private set; }

    /// <summary>For a drain with a fault: told when the last stream has closed.</summary>
    public TaskCompletionSource? Emptied { get; set; }

    public SseEventId Publish(string channel, string data) =>
        Node.Hub.Append(channel, SseFrame.Encode(Node.Hub.Epoch.IdPrefix.Length, null, Encoding.ASCII.GetBytes(data)), null, out _);

    public void TurnWheel() => Node.Wheel.Turn(Node.Clock.Now);

    /// <summary>Time passes, turn by turn.</summary>
    public async Task PassAsync(int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Wheel.TurnMs), _schedule.Time);
            TurnWheel();
        }
    }

    /// <summary>A request from the door to the end, for results that execute themselves.</summary>
    public Task StartAsync(string name, ScheduledRequest request, params string[] channels) => _schedule.Run(name, async () =>
    {
        await Connector.ExecuteAsync(request.Http, SseResults.Subscribe(channels));
        request.Over = true;
    });

    /// <summary>A request whose handler takes its time.</summary>
    public Task StartDecidingAsync(string name, ScheduledRequest request, params string[] channels) => _schedule.Run(name, async () =>
    {
        await Connector.ConnectAsync(request.Http, async (_, _, _) =>
        {
            await _schedule.Yield();
            return SseResults.Subscribe(channels);
        });
        request.Over = true;
    });

    /// <summary>What must hold when all requests have ended, whichever way.</summary>
    public void CheckEmpty()
    {
        var statistics = Node.Statistics();
        Schedule.Check(Opened == Closed, $"{Opened} opened and {Closed} closed");
        Schedule.Check(statistics.Closed.Values.Sum() == Opened, "each stream is counted with one reason");
        Schedule.Check(Node.Limiter is { Count: 0, Keys: 0 }, $"{Node.Limiter.Count} slots are taken");
        Schedule.Check(Node.ConnectionCount == 0, "a connection is registered");
        Schedule.Check(Node.Wheel.Count == 0, "the wheel knows a connection");
        Schedule.Check(Node.Hub.Find("a") is null or { SubscriberCount: 0 }, "a channel knows a connection");
    }

    /// <summary>What must hold for what one client got.</summary>
    public static void CheckWire(ScheduledRequest request)
    {
        var text = request.Text;
        var last = Count(text, "event: close") + Count(text, "event: error");
        Schedule.Check(last <= 1, $"{last} last events");
        Schedule.Check(last == 0 || text.LastIndexOf("event: ", StringComparison.Ordinal) > text.LastIndexOf("\ndata: n", StringComparison.Ordinal), "an event after the last one");
        var numbers = text.Split('\n').Where(static l => l.StartsWith("data: n", StringComparison.Ordinal)).Select(static l => l[7..]).ToList();
        Schedule.Check(numbers.SequenceEqual(numbers.Order().Distinct()), $"out of order or twice: {string.Join(",", numbers)}");
    }

    public static int Count(string text, string part) => text.Split(part).Length - 1;

    void ISseConnectionObserver.Opened(SseConnectionInfo connection)
    {
        Opened++;
        _open++;
        MostOpen = Math.Max(MostOpen, _open);
    }

    void ISseConnectionObserver.Closed(SseConnectionInfo connection)
    {
        Closed++;
        _open--;
        if (Node.Limiter.Count == 0)
        {
            Emptied?.TrySetResult();
        }
    }
}
