using Microsoft.Playwright;
using Resilience.TestKit;

namespace Messaging.Tests.Browser;

/// <summary>Debian's Chromium, driven by Playwright with the Node.js of its package: Debian's own is too old for it. A missing program is a failure that names its package.</summary>
public sealed class ChromiumFixture : IAsyncLifetime
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private readonly TempFolder _data = new("browser");
    private IPlaywright _playwright = null!;

    public TestApp App { get; private set; } = null!;

    public IBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        _playwright = await Playwright.CreateAsync();

        // As long as every other wait of the tests: a loaded machine must not fail one.
        Assertions.SetDefaultExpectTimeout((float)(Watchdog.DefaultExpected * Watchdog.Factor).TotalMilliseconds);
        Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Find("chromium", "chromium"),
            Headless = true,
            Args = Arguments,
            Timeout = 120_000,
        });
        App = await TestApp.StartAsync(_data.FullPath);
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        _playwright.Dispose();
        await App.DisposeAsync();
        _data.Dispose();
    }

    private static string Find(string program, string package) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"{program} is not on the PATH. Install the package {package}, or run ./test.sh, which does.");
}
