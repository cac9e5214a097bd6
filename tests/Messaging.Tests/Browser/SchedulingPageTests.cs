using Microsoft.Playwright;
using Resilience.TestKit;
using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

/// <summary>Messages that are sent later, in the page.</summary>
public abstract class SchedulingPageTests(ChromiumFixture chromium)
{
    [Fact]
    public async Task A_message_is_scheduled_is_listed_and_arrives_and_another_one_is_cancelled()
    {
        var channel = Names.Next("later");
        await using var ann = await OpenAsync();
        await using var ben = await OpenAsync();
        await ann.RegisterAsync(Names.Next("Ann"));
        await ben.RegisterAsync(Names.Next("Ben"));
        await ann.CreateChannelAsync(channel);
        await ben.Page.ReloadAsync();
        await ben.JoinAsync(channel);

        await ScheduleAsync(ann, "Good night", "1", "days");
        await ScheduleAsync(ann, "Good morning", "2", "seconds");
        await Expect(ann.Page.Locator("#composer-text")).ToHaveValueAsync(string.Empty);
        await Expect(ann.Page.Locator("#composer-send")).ToHaveTextAsync("Send");
        await ann.Page.Locator("#scheduled-open").ClickAsync();
        await Expect(Listed(ann, "Good night")).ToContainTextAsync($"Waiting for {channel}");

        await ben.SeesAsync("Good morning");
        await Expect(Listed(ann, "Good morning")).ToHaveCountAsync(0);
        await Expect(ann.Page.Locator("#scheduled-open .badge")).ToContainTextAsync("1");
        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel: Good night" }).ClickAsync();
        await Expect(ann.Page.Locator("#scheduled-list")).ToHaveTextAsync("Nothing is waiting to be sent.");
        await Expect(ann.Page.Locator("#scheduled-open .badge")).ToBeHiddenAsync();
        await ann.Page.Keyboard.PressAsync("Escape");
        await ann.SeesAsync("Good morning");
        await Expect(ann.Message("Good night")).ToHaveCountAsync(0);
        ann.ShouldBeClean();
        ben.ShouldBeClean();
    }

    [Fact]
    public async Task Everything_about_it_can_be_done_with_the_keyboard_alone()
    {
        await using var window = await OpenAsync();
        await window.RegisterAsync(Names.Next("Kay"));
        await window.CreateChannelAsync(Names.Next("keys"));
        var (page, keyboard) = (window.Page, window.Page.Keyboard);

        await page.Locator("#composer-text").FillAsync("by key");
        await page.Locator("#schedule-toggle").FocusAsync();
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator("#schedule-toggle")).ToHaveAttributeAsync("aria-expanded", "true");
        await Expect(page.Locator("#composer-text")).ToBeFocusedAsync();
        await Expect(page.Locator("#composer-text")).ToHaveValueAsync("by key");
        await page.Locator("#schedule-amount").FocusAsync();
        await keyboard.PressAsync("Control+A");
        await keyboard.TypeAsync("3");
        await keyboard.PressAsync("Tab");
        await Expect(page.Locator("#schedule-unit")).ToBeFocusedAsync();

        // One letter: what is typed after a pause begins another search.
        await keyboard.PressAsync("h");
        await Expect(page.Locator("#schedule-unit")).ToHaveValueAsync("3600");
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator("#scheduled-open .badge")).ToContainTextAsync("1");
        await Expect(page.Locator("#composer-text")).ToBeFocusedAsync();
        await Expect(page.Locator("#schedule-panel")).ToHaveCountAsync(0);

        await page.Locator("#scheduled-open").FocusAsync();
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator("#scheduled-dialog")).ToBeVisibleAsync();
        await FocusByTabAsync(page, "[data-scheduled] button");
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator("#scheduled-list")).ToHaveTextAsync("Nothing is waiting to be sent.");
        await keyboard.PressAsync("Escape");
        await Expect(page.Locator("#scheduled-dialog")).ToBeHiddenAsync();

        // Escape in the fields gives the message box back, with its text.
        await page.Locator("#composer-text").FillAsync("now");
        await page.Locator("#schedule-toggle").FocusAsync();
        await keyboard.PressAsync("Enter");
        await page.Locator("#schedule-amount").FocusAsync();
        await keyboard.PressAsync("Escape");
        await Expect(page.Locator("#composer-text")).ToHaveValueAsync("now");
        await keyboard.PressAsync("Enter");
        await window.SeesAsync("now");
        window.ShouldBeClean();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_cannot_be_sent_is_told_and_listed_with_the_reason_until_it_is_dismissed(bool whileNoStreamIsOpen)
    {
        // With a clock of its own: the message is due when the ban is there, however long that takes.
        var time = new ManualTimeProvider();
        await using var home = await chromium.NewHomeAsync();
        await using var app = await home.StartAsync(configure: builder => Replace.Time(builder, time));
        using var owner = await app.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        var name = (await owner.GetAsync("/api/channels?limit=200")).Items.Single(item => item.GetProperty("id").GetString() == id).GetProperty("name").GetString()!;
        var author = Names.Next("Ann");
        await using var ann = await Window.OpenAsync(chromium.Browser, app);
        await ann.RegisterAsync(author);
        await ann.JoinAsync(name);
        var user = (await owner.GetAsync($"/api/users?name={Uri.EscapeDataString(author)}")).Items.Single().GetProperty("id").GetString();
        await ScheduleAsync(ann, "Too late", "10", "seconds");
        var goOn = new TaskCompletionSource();
        if (whileNoStreamIsOpen)
        {
            await ann.Page.RouteAsync("**/api/events?*", async route =>
            {
                await goOn.Task;
                await route.ContinueAsync();
            });
        }

        // Who is banned from a channel opens another stream, without it.
        (await owner.PutAsync($"/api/channels/{id}/bans/{user}")).ShouldHaveStatus(204);
        if (whileNoStreamIsOpen)
        {
            await Expect(ann.Page.Locator("#connection")).ToHaveTextAsync("Connecting…");
        }

        time.Advance(TimeSpan.FromSeconds(10));
        await app.QuietAsync(time);
        await app.PublishedAsync();
        goOn.SetResult();

        await Expect(ann.Page.Locator(".notice.failure")).ToContainTextAsync("You are banned from this channel.");
        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Scheduled messages" }).First.ClickAsync();
        await Expect(Listed(ann, "Too late")).ToContainTextAsync("You are banned from this channel.");
        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Dismiss: Too late" }).ClickAsync();
        await Expect(Listed(ann, "Too late")).ToHaveCountAsync(0);
        ann.ShouldBeClean(refused: $"/api/channels/{id}/");
    }

    [Fact]
    public async Task A_time_that_is_not_possible_keeps_the_text_and_an_edit_takes_the_box()
    {
        await using var window = await OpenAsync();
        await window.RegisterAsync(Names.Next("Ann"));
        await window.CreateChannelAsync(Names.Next("limits"));
        await window.SayAsync("first");
        await window.SeesAsync("first");

        // A notice goes after some seconds: it is looked for from the beginning.
        var told = Expect(window.Page.Locator("#notices")).ToContainTextAsync("1 second to 30 days");
        await TryScheduleAsync(window, "much too late", "31", "days");
        await told;
        await Expect(window.Page.Locator("#composer-text")).ToHaveValueAsync("much too late");
        await Expect(window.Page.Locator("#composer-send")).ToHaveTextAsync("Schedule");

        await window.Message("first").HoverAsync();
        await window.Message("first").GetByRole(AriaRole.Button, new() { Name = "Edit" }).ClickAsync();
        await Expect(window.Page.Locator("#schedule-panel")).ToHaveCountAsync(0);
        await Expect(window.Page.Locator("#composer-text")).ToHaveValueAsync("first");
        await window.Page.Locator("#schedule-toggle").ClickAsync();
        await Expect(window.Page.Locator(".editing")).ToHaveCountAsync(0);
        window.ShouldBeClean();
    }

    [Theory]
    [InlineData(Window.Phone)]
    [InlineData(Window.Wide)]
    public async Task It_fits_the_window(int width)
    {
        await using var window = await OpenAsync(width);
        await window.RegisterAsync(Names.Next("Phoebe"));
        await window.CreateChannelAsync(Names.Next("a channel with a rather long name that has to be cut somewhere"));
        await ScheduleAsync(window, "Some words, and " + new string('w', 200), "10", "minutes");
        await window.Page.Locator("#schedule-toggle").ClickAsync();
        await LookAsync(window, $"6-schedule-{width}");

        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Scheduled messages" }).Last.ClickAsync();
        await Expect(Listed(window, "Some words")).ToBeVisibleAsync();
        await LookAsync(window, $"7-scheduled-{width}");
        window.ShouldBeClean();
    }

    private Task<Window> OpenAsync(int width = Window.Wide) => Window.OpenAsync(chromium.Browser, chromium.App, width);

    private static async Task ScheduleAsync(Window window, string text, string amount, string unit)
    {
        await TryScheduleAsync(window, text, amount, unit);
        await Expect(window.Page.Locator("#schedule-panel")).ToHaveCountAsync(0);
    }

    private static async Task TryScheduleAsync(Window window, string text, string amount, string unit)
    {
        await window.Page.Locator("#composer-text").FillAsync(text);
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Send later" }).ClickAsync();
        await window.Page.GetByLabel("Send in").FillAsync(amount);
        await window.Page.GetByLabel("Unit of time").SelectOptionAsync(new SelectOptionValue { Label = unit });
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Schedule", Exact = true }).ClickAsync();
    }

    private static ILocator Listed(Window window, string text) => window.Page.Locator("#scheduled-list li", new() { HasText = text });

    private async Task LookAsync(Window window, string name)
    {
        await window.Page.ScreenshotAsync(new PageScreenshotOptions
        {
            Path = chromium.Picture(name),
            Animations = ScreenshotAnimations.Disabled,
        });
        await window.ShouldFitAsync(name);
    }

    /// <summary>Goes on with the Tab key until an element has the focus.</summary>
    private static async Task FocusByTabAsync(IPage page, string selector)
    {
        for (var i = 0; i < 20; i++)
        {
            if (await page.EvaluateAsync<bool>("selector => document.activeElement !== null && document.activeElement.matches(selector)", selector))
            {
                return;
            }

            await page.Keyboard.PressAsync("Tab");
        }

        throw new InvalidOperationException($"The Tab key does not reach {selector}.");
    }
}

public sealed class SqliteSchedulingPageTests(SqliteChromium chromium) : SchedulingPageTests(chromium), IClassFixture<SqliteChromium>;

public sealed class PostgreSqlSchedulingPageTests(PostgreSqlChromium chromium) : SchedulingPageTests(chromium), IClassFixture<PostgreSqlChromium>;
