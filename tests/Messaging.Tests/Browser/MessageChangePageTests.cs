using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

/// <summary>Editing, deleting, roles and bans in the page.</summary>
public abstract class MessageChangePageTests(ChromiumFixture chromium)
{
    [Fact]
    public async Task An_edit_and_a_deletion_reach_the_other_window()
    {
        var channel = Names.Next("changes");
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App);
        await using var ben = await Window.OpenAsync(chromium.Browser, chromium.App);
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(channel);
        await ben.RegisterAsync(Names.Next("Ben"));
        await ben.JoinAsync(channel);
        await ann.SendAsync("frist");
        await ben.SeesAsync("frist");
        await Expect(ben.Message("frist").GetByRole(AriaRole.Button)).ToHaveCountAsync(0);

        await ann.Message("frist").GetByRole(AriaRole.Button, new() { Name = "Edit" }).ClickAsync();
        await ann.SayAsync("first");
        await ben.SeesAsync("first");
        await Expect(ben.Message("first")).ToContainTextAsync("(edited)");
        await Expect(ben.Message("frist")).ToHaveCountAsync(0);
        await SavedAsync(ann);

        await ann.Message("first").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await ann.Page.Locator("#ask-agree").ClickAsync();
        await Expect(ben.Message("first")).ToHaveCountAsync(0);
        await ann.SayAsync("second");
        await ben.SeesAsync("second");
        ann.ShouldBeClean();
        ben.ShouldBeClean();
    }

    [Fact]
    public async Task An_owner_makes_a_moderator_bans_a_member_and_lifts_the_ban()
    {
        var (channel, ben) = (Names.Next("rules"), Names.Next("Ben"));
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App);
        await using var window = await Window.OpenAsync(chromium.Browser, chromium.App);
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(channel);
        await window.RegisterAsync(ben);
        await window.JoinAsync(channel);
        var id = (await window.Channel(channel).GetAttributeAsync("data-channel"))!;

        await OpenMembersAsync(ann);
        await ann.Page.GetByLabel($"Role of {ben}").SelectOptionAsync("moderator");
        await Expect(window.Page.Locator("#channel-facts")).ToContainTextAsync("moderator");
        await ann.SeesMembersAsync();

        // Asked, and not done.
        await Button(ann, $"Ban {ben}").ClickAsync();
        await ann.Page.Locator("#ask-dialog").GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(Button(ann, $"Ban {ben}")).ToBeFocusedAsync();
        await Expect(window.Page.Locator("#composer")).ToBeVisibleAsync();

        await Button(ann, $"Ban {ben}").ClickAsync();
        await ann.Page.Locator("#ask-agree").ClickAsync();
        await Expect(window.Page.Locator("#composer")).ToBeHiddenAsync();
        await Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Join", Exact = true })).ToBeVisibleAsync();
        await Expect(Button(ann, $"Ban {ben}")).ToHaveCountAsync(0);

        await Button(ann, $"Lift the ban of {ben}").ClickAsync();
        await Expect(ann.Page.Locator("#bans")).ToBeHiddenAsync();
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Join", Exact = true }).ClickAsync();
        await Expect(window.Page.Locator("#composer")).ToBeVisibleAsync();
        ann.ShouldBeClean();
        window.ShouldBeClean(refused: $"/api/channels/{id}/");
    }

    [Fact]
    public async Task A_refused_change_of_a_role_is_explained_and_the_role_stays_as_it_was()
    {
        var name = Names.Next("Ann");
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App);
        await ann.RegisterAsync(name);
        await ann.CreateChannelAsync(Names.Next("alone"));
        await OpenMembersAsync(ann);

        await ann.Page.GetByLabel($"Role of {name}").SelectOptionAsync("member");

        await Expect(ann.Page.Locator("#members-error")).ToContainTextAsync("last owner");
        await Expect(ann.Page.GetByLabel($"Role of {name}")).ToHaveValueAsync("owner");
    }

    [Fact]
    public async Task A_moderator_deletes_what_others_wrote_and_an_edit_of_it_ends()
    {
        var (channel, ben) = (Names.Next("care"), Names.Next("Ben"));
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App);
        await using var window = await Window.OpenAsync(chromium.Browser, chromium.App);
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(channel);
        await window.RegisterAsync(ben);
        await window.JoinAsync(channel);
        await window.SendAsync("spam");
        await ann.SeesAsync("spam");
        await window.Message("spam").GetByRole(AriaRole.Button, new() { Name = "Edit" }).ClickAsync();

        await Expect(ann.Message("spam").GetByRole(AriaRole.Button, new() { Name = "Edit" })).ToHaveCountAsync(0);
        await ann.Message("spam").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();

        // A notice goes after some seconds: it is looked for from the beginning.
        var told = Expect(window.Page.Locator("#notices")).ToContainTextAsync("has been deleted");
        await ann.Page.Locator("#ask-agree").ClickAsync();
        await told;
        await Expect(window.Message("spam")).ToHaveCountAsync(0);
        await Expect(window.Page.Locator("#composer-send")).ToHaveTextAsync("Send");
        ann.ShouldBeClean();
        window.ShouldBeClean();
    }

    [Fact]
    public async Task Messages_are_edited_and_deleted_and_members_banned_with_the_keyboard_alone()
    {
        var ben = Names.Next("Ben");
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App);
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(Names.Next("keys"));
        using var guest = await chromium.App.NewUserAsync(ben);
        await guest.JoinAsync((await ann.Page.Locator("button.channel[aria-current]").GetAttributeAsync("data-channel"))!);
        await ann.SayAsync("frist");
        await ann.SeesAsync("frist");
        var keyboard = ann.Page.Keyboard;

        // Arrow up in the empty box is the last message; Escape leaves it as it is.
        await keyboard.PressAsync("ArrowUp");
        await Expect(ann.Page.Locator("#composer-text")).ToHaveValueAsync("frist");
        await keyboard.PressAsync("Escape");
        await Expect(ann.Page.Locator("#composer-text")).ToHaveValueAsync(string.Empty);
        await keyboard.PressAsync("ArrowUp");
        await ann.SayAsync("first");
        await Expect(ann.Message("first")).ToContainTextAsync("(edited)");
        await SavedAsync(ann);

        await ann.Message("first").GetByRole(AriaRole.Button, new() { Name = "Delete" }).FocusAsync();
        await keyboard.PressAsync("Enter");
        await Expect(ann.Page.Locator("#ask-dialog")).ToBeVisibleAsync();
        await ann.Page.Locator("#ask-agree").FocusAsync();
        await keyboard.PressAsync("Enter");
        await Expect(ann.Message("first")).ToHaveCountAsync(0);
        await Expect(ann.Page.Locator("#composer-text")).ToBeFocusedAsync();

        await ann.Page.Locator("#channel-actions button", new() { HasText = "Members" }).FocusAsync();
        await keyboard.PressAsync("Enter");
        await Button(ann, $"Ban {ben}").FocusAsync();
        await keyboard.PressAsync("Enter");
        await ann.Page.Locator("#ask-agree").FocusAsync();
        await keyboard.PressAsync("Enter");

        // The button went with its row; the focus stays in the dialog.
        await Expect(Button(ann, $"Lift the ban of {ben}")).ToBeVisibleAsync();
        await Expect(ann.Page.Locator("#members-close")).ToBeFocusedAsync();
        ann.ShouldBeClean();
    }

    [Fact]
    public async Task On_a_touch_screen_of_390_px_everything_is_within_reach()
    {
        var ben = Names.Next("Ben with a name that is rather long");
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App, Window.Phone, touch: true);
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(Names.Next("touch"));
        using var guest = await chromium.App.NewUserAsync(ben);
        await guest.JoinAsync((await ann.Page.Locator("button.channel[aria-current]").GetAttributeAsync("data-channel"))!);
        await ann.SendAsync("frist");

        await ann.Message("frist").GetByRole(AriaRole.Button, new() { Name = "Edit" }).TapAsync();
        await ann.SayAsync("first");
        await ann.SeesAsync("first");
        await SavedAsync(ann);
        await ann.ShouldFitAsync("conversation");
        await ann.Page.ScreenshotAsync(new PageScreenshotOptions { Path = chromium.Picture("touch-conversation") });
        await ann.Page.Locator("#channel-actions button", new() { HasText = "Members" }).TapAsync();
        await Button(ann, $"Ban {ben}").TapAsync();
        await ann.Page.Locator("#ask-agree").TapAsync();
        await Expect(Button(ann, $"Lift the ban of {ben}")).ToBeVisibleAsync();
        await ann.ShouldFitAsync("members");
        await ann.Page.ScreenshotAsync(new PageScreenshotOptions { Path = chromium.Picture("touch-members") });
        foreach (var button in await ann.Page.Locator("#members-dialog button:visible, #members-dialog select:visible").AllAsync())
        {
            (await button.BoundingBoxAsync())!.Height.ShouldBeGreaterThanOrEqualTo(32);
        }

        ann.ShouldBeClean();
    }

    private static ILocator Button(Window window, string name) => window.Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private static async Task OpenMembersAsync(Window window)
    {
        await window.Page.Locator("#channel-actions button", new() { HasText = "Members" }).ClickAsync();
        await Expect(window.Page.Locator("#members-list li").First).ToBeVisibleAsync();
        await window.SeesMembersAsync();
    }

    /// <summary>Waits for the answer to an edit, which may come after its event: it gives the message box back and the focus to it.</summary>
    private static Task SavedAsync(Window window) => Expect(window.Page.Locator(".editing")).ToHaveCountAsync(0);
}

public sealed class SqliteMessageChangePageTests(SqliteChromium chromium) : MessageChangePageTests(chromium), IClassFixture<SqliteChromium>;

public sealed class PostgreSqlMessageChangePageTests(PostgreSqlChromium chromium) : MessageChangePageTests(chromium), IClassFixture<PostgreSqlChromium>;
