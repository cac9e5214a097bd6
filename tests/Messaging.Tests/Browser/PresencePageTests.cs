using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

public abstract class PresencePageTests(ChromiumFixture chromium)
{
    /// <summary>Remembers every text that the count of those who are online has from now on.</summary>
    private const string Record =
        """
        () => {
          const count = document.getElementById('presence-count');
          window.seen = [];
          new MutationObserver(() => window.seen.push(count.textContent)).observe(count, { childList: true });
        }
        """;

    [Theory]
    [InlineData(Window.Wide)]
    [InlineData(Window.Phone)]
    public async Task One_sees_who_comes_and_who_goes(int width)
    {
        await using var home = await chromium.NewHomeAsync();
        await using var app = await home.StartAsync();
        await using var ann = await Window.OpenAsync(chromium.Browser, app, width);
        await ann.RegisterAsync("Ann");
        await ann.CreateChannelAsync("talk");
        await Expect(Count(ann)).ToHaveTextAsync("1 online");
        var ben = await Window.OpenAsync(chromium.Browser, app);
        await ben.RegisterAsync("Ben");
        await ben.JoinAsync("talk");

        await Expect(Count(ann)).ToHaveTextAsync("2 online");
        await Expect(Count(ben)).ToHaveTextAsync("2 online");
        await Expect(ann.Page.Locator("#channel-facts")).ToContainTextAsync("2 members");
        await Count(ann).PressAsync("Enter");
        await Expect(People(ann)).ToHaveTextAsync(["Ann (you)", "Ben"]);
        await Expect(ann.Page.Locator("#presence-list")).ToBeVisibleAsync();
        await ann.ShouldFitAsync("list of those who are online");
        await Count(ann).PressAsync("Escape");
        await Expect(ann.Page.Locator("#presence-list")).ToBeHiddenAsync();

        ben.ShouldBeClean();
        await ben.DisposeAsync();
        await Expect(Count(ann)).ToHaveTextAsync("1 online");
        await Expect(People(ann)).ToHaveTextAsync(["Ann (you)"]);
        ann.ShouldBeClean();
    }

    [Fact]
    public async Task A_reload_of_the_other_does_not_flicker()
    {
        // Long enough for a reload on the slowest machine; the default of 3 s is tested with a clock of its own.
        await using var home = await chromium.NewHomeAsync();
        await using var app = await home.StartAsync(["--Presence:LeaveDelay=00:01:00"]);
        await using var ann = await Window.OpenAsync(chromium.Browser, app);
        await using var ben = await Window.OpenAsync(chromium.Browser, app);
        await ann.RegisterAsync("Ann");
        await ann.CreateChannelAsync("talk");
        await ben.RegisterAsync("Ben");
        await ben.JoinAsync("talk");
        await Expect(Count(ann)).ToHaveTextAsync("2 online");
        await ann.Page.EvaluateAsync(Record);

        await ben.Page.ReloadAsync();
        await ben.LiveAsync();
        using var cleo = await app.NewUserAsync("Cleo");
        var id = (await ann.Page.Locator("button.channel[aria-current]").GetAttributeAsync("data-channel"))!;
        await cleo.JoinAsync(id);
        await using var stream = await EventStream.OpenAsync(cleo, id);

        // What is announced after Ben's reload has come, so nothing of Ben is on its way any more.
        await Expect(Count(ann)).ToHaveTextAsync("3 online");
        (await ann.Page.EvaluateAsync<string[]>("() => window.seen")).ShouldNotContain("1 online");
        ann.ShouldBeClean();
        ben.ShouldBeClean();
    }

    private static ILocator Count(Window window) => window.Page.Locator("#presence-count");

    private static ILocator People(Window window) => window.Page.Locator("#presence-list li .presence-name");
}

public sealed class SqlitePresencePageTests(SqliteChromium chromium) : PresencePageTests(chromium), IClassFixture<SqliteChromium>;

public sealed class PostgreSqlPresencePageTests(PostgreSqlChromium chromium) : PresencePageTests(chromium), IClassFixture<PostgreSqlChromium>;
