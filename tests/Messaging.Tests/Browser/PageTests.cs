using Microsoft.Playwright;
using Resilience.TestKit;
using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

/// <summary>The page in a real browser.</summary>
public abstract class PageTests(ChromiumFixture chromium)
{
    [Fact]
    public async Task What_one_user_sends_another_sees_without_reload()
    {
        var channel = Names.Next("plans");
        await using var ann = await OpenAsync();
        await using var ben = await OpenAsync();
        await ann.RegisterAsync(Names.Next("Ann"));
        await ben.RegisterAsync(Names.Next("Ben"));
        await ann.CreateChannelAsync(channel);
        await ben.Page.ReloadAsync();
        await ben.JoinAsync(channel);

        await ann.SayAsync("Good morning, Ben");
        await ben.SeesAsync("Good morning, Ben");
        await ben.SayAsync("Good morning, Ann");
        await ann.SeesAsync("Good morning, Ann");

        ann.ShouldBeClean();
        ben.ShouldBeClean();
    }

    [Fact]
    public async Task A_channel_that_is_not_open_counts_what_is_unread()
    {
        var (busy, quiet) = (Names.Next("busy"), Names.Next("quiet"));
        await using var ann = await OpenAsync();
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(busy);
        using var ben = await chromium.App.NewUserAsync();
        var id = (await ann.Channel(busy).GetAttributeAsync("data-channel"))!;
        await ben.JoinAsync(id);
        await ann.CreateChannelAsync(quiet);

        (await ben.SayAsync(id, "first")).ShouldHaveStatus(201);
        (await ben.SayAsync(id, "second")).ShouldHaveStatus(201);

        await Expect(ann.Channel(busy).Locator(".badge")).ToContainTextAsync("2");
        await ann.Channel(busy).ClickAsync();
        await ann.SeesAsync("second");
        await Expect(ann.Channel(busy).Locator(".badge")).ToHaveCountAsync(0);
        await ann.Page.ReloadAsync();
        await ann.LiveAsync();
        await Expect(ann.Channel(busy)).ToBeVisibleAsync();
        await Expect(ann.Channel(busy).Locator(".badge")).ToHaveCountAsync(0);
        ann.ShouldBeClean();
    }

    [Fact]
    public async Task What_was_read_in_one_channel_is_told_while_the_server_has_not_answered_for_another()
    {
        var (much, little) = (Names.Next("much"), Names.Next("little"));
        await using var ann = await OpenAsync();
        await ann.RegisterAsync(Names.Next("Ann"));
        using var ben = await chromium.App.NewUserAsync();
        foreach (var (name, messages) in new[] { (much, 3), (little, 1) })
        {
            await ann.CreateChannelAsync(name);
            var id = (await ann.Channel(name).GetAttributeAsync("data-channel"))!;
            await ben.JoinAsync(id);
            await ann.CreateChannelAsync(Names.Next("elsewhere"));
            for (var i = 1; i <= messages; i++)
            {
                (await ben.SayAsync(id, $"{name} {i}")).ShouldHaveStatus(201);
            }

            await Expect(ann.Channel(name).Locator(".badge")).ToContainTextAsync($"{messages}");
        }

        // What is told of the first channel stays on its way.
        var held = new TaskCompletionSource<IRoute>(TaskCreationOptions.RunContinuationsAsynchronously);
        await ann.Page.RouteAsync("**/read", route => held.TrySetResult(route) ? Task.CompletedTask : route.ContinueAsync());
        await ann.Channel(much).ClickAsync();
        await ann.SeesAsync($"{much} 3");
        var first = await held.Task.Within();

        await ann.Channel(little).ClickAsync();
        await ann.SeesAsync($"{little} 1");
        await Expect(ann.Channel(little).Locator(".badge")).ToHaveCountAsync(0);
        await Expect(ann.Channel(much).Locator(".badge")).ToContainTextAsync("3");
        await first.ContinueAsync();
        await Expect(ann.Channel(much).Locator(".badge")).ToHaveCountAsync(0);
        ann.ShouldBeClean();
    }

    [Fact]
    public async Task Everything_can_be_done_with_the_keyboard_alone()
    {
        var (first, second) = (Names.Next("first"), Names.Next("second"));
        await using var window = await OpenAsync();
        var keyboard = window.Page.Keyboard;

        // The page opens on the name: switch to registration and back into the form.
        await Expect(window.Page.Locator("#account-name")).ToBeFocusedAsync();
        await PressAsync(keyboard, "Tab", "Tab", "Tab", "Enter");
        await Expect(window.Page.Locator("#account-name")).ToBeFocusedAsync();
        await keyboard.TypeAsync(Names.Next("Kay"));
        await PressAsync(keyboard, "Tab");
        await keyboard.TypeAsync(TestClient.Password);
        await PressAsync(keyboard, "Enter");
        await window.LiveAsync();

        foreach (var name in new[] { first, second })
        {
            await FocusByTabAsync(window.Page, "#channel-new");
            await PressAsync(keyboard, "Enter");
            await Expect(window.Page.Locator("#channel-form-name")).ToBeFocusedAsync();
            await keyboard.TypeAsync(name);
            await PressAsync(keyboard, "Enter");
            await Expect(window.Page.Locator("#channel-name")).ToHaveTextAsync(name);
        }

        await Expect(window.Page.Locator("#composer-text")).ToBeFocusedAsync();
        await keyboard.TypeAsync("typed");
        await PressAsync(keyboard, "Shift+Enter");
        await keyboard.TypeAsync("on two lines");
        await PressAsync(keyboard, "Enter");
        await window.SeesAsync("on two lines");

        await PressAsync(keyboard, "Alt+ArrowUp");
        await Expect(window.Page.Locator("#channel-name")).ToHaveTextAsync(first);
        await FocusByTabAsync(window.Page, "#channel-actions button");
        await PressAsync(keyboard, "Enter");
        await Expect(window.Page.Locator("#members-dialog")).ToBeVisibleAsync();
        await PressAsync(keyboard, "Escape");
        await Expect(window.Page.Locator("#members-dialog")).ToBeHiddenAsync();

        await FocusByTabAsync(window.Page, "#sign-out");
        await PressAsync(keyboard, "Enter");
        await Expect(window.Page.Locator("#welcome")).ToBeVisibleAsync();
        window.ShouldBeClean(signedOut: true);
    }

    [Fact]
    public async Task On_a_phone_nothing_is_wider_than_the_screen()
    {
        var channel = Names.Next("a channel with a rather long name that has to be cut somewhere");
        await using var window = await OpenAsync(Window.Phone);
        await window.ShouldFitAsync("sign in");
        await window.RegisterAsync(Names.Next("Phoebe with a long name"));
        await window.ShouldFitAsync("list");
        await window.CreateChannelAsync(channel);
        await window.SayAsync("Some words, and " + new string('w', 200));
        await window.SeesAsync("Some words");
        await window.ShouldFitAsync("conversation");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Members" }).ClickAsync();
        await window.SeesMembersAsync();
        await window.ShouldFitAsync("members");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();

        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Back to the channels" }).ClickAsync();
        await Expect(window.Channel(channel)).ToBeVisibleAsync();
        window.ShouldBeClean();
    }

    [Fact]
    public async Task What_a_user_writes_is_shown_as_text()
    {
        const string Markup = "<img src=x onerror=alert(1)><script>alert(2)</script><b>bold</b>";
        await using var window = await OpenAsync();
        await window.RegisterAsync(Names.Next("<i>Eve</i>"));
        await window.CreateChannelAsync(Names.Next("<u>under</u>"));

        await window.SayAsync(Markup);

        await Expect(window.Page.Locator("#log .message-text")).ToHaveTextAsync(Markup);
        window.ShouldBeClean();
    }

    [Fact]
    public async Task Who_is_added_to_a_private_channel_sees_it_appear_and_who_is_removed_sees_it_go()
    {
        var channel = Names.Next("secret");
        await using var ann = await OpenAsync();
        await using var ben = await OpenAsync();
        var name = Names.Next("Ben");
        await ann.RegisterAsync(Names.Next("Ann"));
        await ben.RegisterAsync(name);
        await ann.CreateChannelAsync(channel, isPrivate: true);
        var id = (await ann.Channel(channel).GetAttributeAsync("data-channel"))!;

        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Members" }).ClickAsync();
        await ann.Page.Locator("#members-name").FillAsync(name);
        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Expect(ben.Channel(channel)).ToBeVisibleAsync();
        await ben.Channel(channel).ClickAsync();
        await Expect(ben.Page.Locator("#composer")).ToBeVisibleAsync();

        await ann.Page.GetByRole(AriaRole.Button, new() { Name = $"Remove {name}" }).ClickAsync();
        await ann.Page.Locator("#ask-agree").ClickAsync();
        await Expect(ben.Channel(channel)).ToHaveCountAsync(0);
        await Expect(ben.Page.Locator("#composer")).ToBeHiddenAsync();
        ann.ShouldBeClean();
        ben.ShouldBeClean(refused: $"/api/channels/{id}/");
    }

    private Task<Window> OpenAsync(int width = Window.Wide) => Window.OpenAsync(chromium.Browser, chromium.App, width);

    private static async Task PressAsync(IKeyboard keyboard, params string[] keys)
    {
        foreach (var key in keys)
        {
            await keyboard.PressAsync(key);
        }
    }

    /// <summary>Goes on with the Tab key until an element has the focus; a page that traps the focus fails.</summary>
    private static async Task FocusByTabAsync(IPage page, string selector)
    {
        for (var i = 0; i < 40; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<bool>("selector => document.activeElement !== null && document.activeElement.matches(selector)", selector))
            {
                return;
            }
        }

        throw new InvalidOperationException($"The Tab key does not reach {selector}.");
    }
}

public sealed class SqlitePageTests(SqliteChromium chromium) : PageTests(chromium), IClassFixture<SqliteChromium>;

public sealed class PostgreSqlPageTests(PostgreSqlChromium chromium) : PageTests(chromium), IClassFixture<PostgreSqlChromium>;
