using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

/// <summary>How the page looks: pictures of each state for people, and what a machine can judge (text that can be read, nothing wider than the window).</summary>
public sealed class LookTests(SqliteChromium chromium) : IClassFixture<SqliteChromium>
{
    // The least contrast that WCAG 2.2 AA asks of normal text.
    private const double LeastContrast = 4.5;

    /// <summary>Texts whose contrast to what lies behind them is too low.</summary>
    private const string FaintTexts =
        """
        least => {
          const parse = text => text.match(/[\d.]+/g).map(Number);
          const channel = value => { const v = value / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
          const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
          const behind = element => {
            for (let at = element; at; at = at.parentElement) {
              const color = parse(getComputedStyle(at).backgroundColor);
              if (color.length < 4 || color[3] === 1) { return color; }
            }
            return [255, 255, 255];
          };
          const faint = [];
          for (const element of document.querySelectorAll('body *')) {
            const own = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== '');
            const box = element.getBoundingClientRect();
            if (!own || box.width < 2 || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) { continue; }
            const [light, dark] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))].sort((a, b) => b - a);
            const contrast = (light + 0.05) / (dark + 0.05);
            if (contrast < least) { faint.push(`${element.tagName}.${element.className}: ${contrast.toFixed(2)}`); }
          }
          return faint;
        }
        """;

    [Theory]
    [InlineData(Window.Wide, ColorScheme.Light)]
    [InlineData(Window.Wide, ColorScheme.Dark)]
    [InlineData(Window.Phone, ColorScheme.Light)]
    [InlineData(Window.Phone, ColorScheme.Dark)]
    public async Task Every_state_fits_the_window_and_can_be_read(int width, ColorScheme colors)
    {
        await using var window = await Window.OpenAsync(chromium.Browser, chromium.App, width, colors: colors);
        await Expect(window.Page.Locator("#account-form")).ToBeVisibleAsync();
        await LookAsync(window, $"1-sign-in-{width}-{colors}");

        await window.RegisterAsync(Names.Next("Ada Lovelace"));
        await window.CreateChannelAsync(Names.Next("design"), isPrivate: true);
        await LookAsync(window, $"2-empty-{width}-{colors}");

        await FillAsync(window);
        await LookAsync(window, $"3-conversation-{width}-{colors}");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Members" }).ClickAsync();
        await window.SeesMembersAsync();
        await LookAsync(window, $"4-members-{width}-{colors}");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await window.Page.EvaluateAsync("() => document.getElementById('channel-back').click()");
        await LookAsync(window, $"5-channels-{width}-{colors}");
        window.ShouldBeClean();
    }

    private async Task FillAsync(Window window)
    {
        await window.SayAsync("The new page is ready.\nHave a look at it on your phone, too.");
        await window.SayAsync("And tell me what is missing.");
        var id = (await window.Page.Locator("button.channel[aria-current]").GetAttributeAsync("data-channel"))!;
        using var guest = await chromium.App.NewUserAsync(Names.Next("Grace Hopper"));
        var cookies = await window.Page.Context.CookiesAsync();
        using var owner = new TestClient(chromium.App.Url, cookies.Single().Value);
        (await owner.PostAsync($"/api/channels/{id}/members", new { userId = guest.UserId })).ShouldHaveStatus(204);
        await guest.SayAsync(id, "It reads well. One question: what happens when the network goes away in the middle of a sentence that is long enough to need a second line?");
        await window.SeesAsync("It reads well");
        await window.SayAsync("It is sent as soon as the network is back, once.");
        await window.SeesAsync("as soon as the network is back");
        using var elsewhere = await chromium.App.NewUserAsync(Names.Next("Alan"));
        var other = await elsewhere.CreateChannelAsync();
        await owner.JoinAsync(other);
        await elsewhere.SayAsync(other, "Lunch at noon?");
        await Expect(window.Page.Locator($"[data-channel='{other}'] .badge")).ToBeAttachedAsync();
    }

    private async Task LookAsync(Window window, string name)
    {
        await window.Page.ScreenshotAsync(new PageScreenshotOptions { Path = chromium.Picture(name), Animations = ScreenshotAnimations.Disabled });
        await window.ShouldFitAsync(name);
        (await window.Page.EvaluateAsync<string[]>(FaintTexts, LeastContrast)).ShouldBeEmpty(name);
    }
}
