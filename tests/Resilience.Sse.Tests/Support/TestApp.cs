using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Support;

/// <summary>An application under the test host, which has no socket, with a clock that the test moves.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private TestApp(WebApplication app, ManualTimeProvider time, LogCollector logs)
    {
        App = app;
        Time = time;
        Logs = logs;
        Http = app.GetTestClient();
        Http.Timeout = TimeSpan.FromMinutes(2);
    }

    public WebApplication App { get; }

    public ManualTimeProvider Time { get; }

    public LogCollector Logs { get; }

    public HttpClient Http { get; }

    public ISsePublisher Publisher => App.Services.GetRequiredService<ISsePublisher>();

    public ISseManager Manager => App.Services.GetRequiredService<ISseManager>();

    public SseNode Node => App.Services.GetRequiredService<SseNode>();

    public static async Task<TestApp> StartAsync(
        Action<SseManagerOptions>? options = null, Action<IServiceCollection>? services = null, Action<WebApplication>? map = null)
    {
        var time = new ManualTimeProvider();
        var logs = new LogCollector();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders().AddProvider(logs).SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSseManager(o =>
        {
            SseApp.Widen(o);
            options?.Invoke(o);
        });
        services?.Invoke(builder.Services);
        var app = builder.Build();
        SseApp.Map(app);
        map?.Invoke(app);
        await app.StartAsync();
        return new TestApp(app, time, logs);
    }

    public Task<SseReader> OpenAsync(string path = "/events", string? lastEventId = null) => SseReader.OpenAsync(Http, path, lastEventId);

    /// <summary>Turns the wheel second by second.</summary>
    public void Turn(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Turns the wheel until the effect is there, where it does not matter how far: a flow that was late with its last activity is due later.</summary>
    public Task TurnUntilAsync(Func<bool> effect) => Watchdog.UntilAsync(() =>
    {
        if (effect())
        {
            return true;
        }

        Turn(1);
        return false;
    });

    /// <summary>The same, second by second, but the clock stands while a validation is under way: its time is up by the same clock, however late its thread comes.</summary>
    public Task TurnBetweenValidationsUntilAsync(Func<bool> effect) => Watchdog.UntilAsync(() =>
    {
        // Looked at first: only a turn begins one, so the effect of the last is there when none is under way.
        var validating = Node.Connections.Any(static c => c.IsValidating);
        if (effect())
        {
            return true;
        }

        if (!validating)
        {
            Turn(1);
        }

        return false;
    });

    public async ValueTask DisposeAsync()
    {
        // The drain's own waits are on the manual clock: it must not wait for clients that a test left open.
        Http.Dispose();
        await Time.DriveAsync(App.StopAsync(), TimeSpan.FromMinutes(1));
        await App.DisposeAsync();
    }
}
