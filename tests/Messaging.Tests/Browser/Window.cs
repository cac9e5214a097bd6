using System.Collections.Concurrent;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

/// <summary>One user's browser window with a profile of its own. It remembers what the console said and what was loaded.</summary>
internal sealed class Window : IAsyncDisposable
{
    internal const int Wide = 1280;
    internal const int Phone = 390;

    private readonly TestApp _app;
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly ConcurrentQueue<string> _foreign = new();

    private Window(TestApp app, IBrowserContext context, IPage page)
    {
        _app = app;
        _context = context;
        Page = page;
    }

    internal IPage Page { get; }

    internal static async Task<Window> OpenAsync(IBrowser browser, TestApp app, int width = Wide, int height = 800, ColorScheme colors = ColorScheme.Light, bool touch = false)
    {
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = colors,
            HasTouch = touch,
            IsMobile = touch,
            Locale = "en-GB",
        });
        var page = await context.NewPageAsync();
        var window = new Window(app, context, page);
        var home = app.Url.ToString();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                window._complaints.Enqueue($"{message.Type}: {message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => window._complaints.Enqueue(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(home, StringComparison.Ordinal))
            {
                window._foreign.Enqueue(request.Url);
            }
        };
        await page.GotoAsync(home);
        return window;
    }

    /// <summary>Loads the page again with a clock that <see cref="StopClockAsync"/> can stop.</summary>
    internal async Task TakeClockAsync()
    {
        await Page.Clock.InstallAsync();
        await Page.ReloadAsync();
    }

    /// <summary>Lets the page's timers that are due fire; from then on its time stands still.</summary>
    internal Task StopClockAsync() => Page.Clock.PauseAtAsync(TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1));

    internal async Task RegisterAsync(string name)
    {
        await Page.GetByRole(AriaRole.Button, new() { Name = "Create an account" }).ClickAsync();
        await Page.Locator("#account-name").FillAsync(name);
        await Page.Locator("#account-password").FillAsync(TestClient.Password);
        await Page.Locator("#account-submit").ClickAsync();
        await LiveAsync();
    }

    /// <summary>Waits until events arrive.</summary>
    internal Task LiveAsync() => Expect(Page.Locator("#connection")).ToHaveTextAsync("Live");

    internal async Task CreateChannelAsync(string name, bool isPrivate = false)
    {
        await Page.GetByRole(AriaRole.Button, new() { Name = "New channel" }).ClickAsync();
        await Page.Locator("#channel-form-name").FillAsync(name);
        if (isPrivate)
        {
            await Page.Locator("#channel-form-private").CheckAsync();
        }

        await Page.GetByRole(AriaRole.Button, new() { Name = "Create", Exact = true }).ClickAsync();
        await Expect(Page.Locator("#channel-name")).ToHaveTextAsync(name);
        await LiveAsync();
    }

    internal async Task JoinAsync(string name)
    {
        await Channel(name).ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Join", Exact = true }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Leave", Exact = true })).ToBeVisibleAsync();
        await LiveAsync();
    }

    internal async Task SayAsync(string text)
    {
        await Page.Locator("#composer-text").FillAsync(text);
        await Page.Locator("#composer-text").PressAsync("Enter");
    }

    /// <summary>Sends a message and waits for the answer: a row that says so while it is sent moves what lies above it, and a press on that would be lost.</summary>
    internal async Task SendAsync(string text)
    {
        await Page.RunAndWaitForResponseAsync(
            () => SayAsync(text), static response => response.Request.Method == "POST" && response.Url.EndsWith("/messages", StringComparison.Ordinal));
        await Expect(Page.Locator("#resend .message")).ToHaveCountAsync(0);
        await SeesAsync(text);
    }

    /// <summary>Waits until the dialog of members shows what it asked for: it grows with the answer, and a press on what moves would be lost.</summary>
    internal Task SeesMembersAsync() => Expect(Page.Locator("#members-dialog")).Not.ToHaveAttributeAsync("aria-busy", "true");

    /// <summary>Holds the next answer back: what it says is fixed when it was asked for.</summary>
    internal async Task<(Task Asked, Action Release)> HoldAnswerAsync(string pattern)
    {
        var (asked, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await Page.RouteAsync(
            pattern,
            async route =>
            {
                var answer = await route.FetchAsync();
                asked.SetResult();
                await release.Task;
                await route.FulfillAsync(new RouteFulfillOptions { Response = answer });
            },
            new PageRouteOptions { Times = 1 });
        return (asked.Task, release.SetResult);
    }

    internal ILocator Channel(string name) => Page.Locator("button.channel", new() { HasText = name });

    internal ILocator Message(string text) => Page.Locator("#log .message", new() { HasText = text });

    internal Task SeesAsync(string text) => Expect(Message(text)).ToHaveCountAsync(1);

    /// <summary>Whether the page is wider than the window.</summary>
    internal async Task ShouldFitAsync(string state) =>
        (await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0, state);

    /// <summary>Nothing was complained of, nothing came from elsewhere, and the server logged no problem.</summary>
    /// <param name="refused">The beginning of paths that the server may have refused with 403: a page that reads, or opens its stream, cannot know yet that its user was removed.</param>
    /// <param name="signedOut">Whether the session has ended, so that the server may have refused with 401 what was on its way.</param>
    internal void ShouldBeClean(string? refused = null, bool signedOut = false)
    {
        _complaints.Where(complaint => !IsRefusal(complaint, refused) && !(signedOut && complaint.Contains("401 (Unauthorized)", StringComparison.Ordinal))).ShouldBeEmpty();
        _foreign.ShouldBeEmpty();
        _app.ShouldHaveLoggedNoProblem();
    }

    private static bool IsRefusal(string complaint, string? refused) =>
        refused is not null && complaint.Contains("403 (Forbidden)", StringComparison.Ordinal)
        && (complaint.Contains(refused, StringComparison.Ordinal) || complaint.Contains("/api/events?channels=", StringComparison.Ordinal));

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
