using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

/// <summary>What arrives while somebody is at a control of the page takes nothing away from under the hand.</summary>
public abstract class RenderTests(ChromiumFixture chromium)
{
    [Fact]
    public async Task A_press_that_has_begun_is_a_click_although_a_message_changes()
    {
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App);
        using var guest = await PrepareAsync(ann);

        await PressAsync(ann, ann.Page.Locator("#channel-actions button", new() { HasText = "Members" }), guest);
        await Expect(ann.Page.Locator("#members-dialog")).ToBeVisibleAsync();
        await ann.Page.Keyboard.PressAsync("Escape");
        await PressAsync(ann, ann.Message("first").GetByRole(AriaRole.Button, new() { Name = "Delete" }), guest);
        await Expect(ann.Page.Locator("#ask-dialog")).ToBeVisibleAsync();
        ann.ShouldBeClean();
    }

    [Fact]
    public async Task The_focus_stays_where_it_is_although_a_message_changes()
    {
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App);
        using var guest = await PrepareAsync(ann);
        ILocator[] controls =
        [
            ann.Page.Locator("#channel-actions button", new() { HasText = "Members" }),
            ann.Message("first").GetByRole(AriaRole.Button, new() { Name = "Delete" }),
            ann.Page.Locator("button.channel[aria-current]"), // which shows the message, and is built again
        ];

        foreach (var control in controls)
        {
            await control.FocusAsync();
            await ChangeAsync(ann, guest);
            await Expect(control).ToBeFocusedAsync();
        }

        // The message itself is another now: its control of the same name has the focus.
        await controls[1].FocusAsync();
        var message = (await ann.Message("first").GetAttributeAsync("data-id"))!;
        using var self = new TestClient(chromium.App.Url, (await ann.Page.Context.CookiesAsync()).Single().Value);
        (await self.SendAsync(HttpMethod.Patch, $"/api/messages/{message}", new { text = "first, corrected" })).ShouldHaveStatus(200);
        await ann.SeesAsync("first, corrected");
        await Expect(ann.Message("first, corrected").GetByRole(AriaRole.Button, new() { Name = "Delete" })).ToBeFocusedAsync();
        ann.ShouldBeClean();
    }

    private async Task<TestClient> PrepareAsync(Window ann)
    {
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(Names.Next("hands"));
        var id = (await ann.Page.Locator("button.channel[aria-current]").GetAttributeAsync("data-channel"))!;
        var guest = await chromium.App.NewUserAsync(Names.Next("Ben"));
        await guest.JoinAsync(id);
        await ann.SendAsync("first");
        (await guest.SayAsync(id, "second")).ShouldHaveStatus(201);
        await ann.SeesAsync("second");
        return guest;
    }

    private static async Task PressAsync(Window ann, ILocator control, TestClient guest)
    {
        await control.HoverAsync();
        await ann.Page.Mouse.DownAsync();
        await ChangeAsync(ann, guest);
        await ann.Page.Mouse.UpAsync();
    }

    /// <summary>The newest message is edited: the conversation and the list of channels show it, and nothing moves.</summary>
    private static async Task ChangeAsync(Window ann, TestClient guest)
    {
        var text = Names.Next("news");
        var newest = (await ann.Page.Locator("#log .message").Last.GetAttributeAsync("data-id"))!;
        (await guest.SendAsync(HttpMethod.Patch, $"/api/messages/{newest}", new { text })).ShouldHaveStatus(200);
        await ann.SeesAsync(text);
        await Expect(ann.Page.Locator("button.channel[aria-current] .channel-last")).ToContainTextAsync(text);
    }
}

public sealed class SqliteRenderTests(SqliteChromium chromium) : RenderTests(chromium), IClassFixture<SqliteChromium>;

public sealed class PostgreSqlRenderTests(PostgreSqlChromium chromium) : RenderTests(chromium), IClassFixture<PostgreSqlChromium>;
