using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

/// <summary>Editing, deleting, roles and bans in the page.</summary>
public sealed class MessageChangePageTests(ChromiumFixture chromium) : IClassFixture<ChromiumFixture>
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
        await ann.SayAsync("frist");
        await ben.SeesAsync("frist");
        await Expect(ben.Message("frist").GetByRole(AriaRole.Button)).ToHaveCountAsync(0);

        await ann.Message("frist").GetByRole(AriaRole.Button, new() { Name = "Edit" }).ClickAsync();
        await ann.SayAsync("first");
        await ben.SeesAsync("first");
        await Expect(ben.Message("first")).ToContainTextAsync("(edited)");
        await Expect(ben.Message("frist")).ToHaveCountAsync(0);

        await ann.Message("first").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await ann.Page.Locator("#ask-agree").ClickAsync();
        await Expect(ben.Message("first")).ToHaveCountAsync(0);
        await ann.SayAsync("second");
        await ben.SeesAsync("second");
        ann.ShouldBeClean();
        ben.ShouldBeClean();
    }

    [Fact]
    public async Task An_owner_makes_a_moderator_and_bans_a_member()
    {
        var (channel, ben) = (Names.Next("rules"), Names.Next("Ben"));
        await using var ann = await Window.OpenAsync(chromium.Browser, chromium.App);
        await using var window = await Window.OpenAsync(chromium.Browser, chromium.App);
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(channel);
        await window.RegisterAsync(ben);
        await window.JoinAsync(channel);

        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Members" }).ClickAsync();
        await ann.Page.GetByLabel($"Role of {ben}").SelectOptionAsync("moderator");
        await Expect(window.Page.Locator("#channel-facts")).ToContainTextAsync("moderator");
        await ann.Page.GetByRole(AriaRole.Button, new() { Name = $"Ban {ben}" }).ClickAsync();

        await Expect(window.Page.Locator("#composer")).ToBeHiddenAsync();
        await Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Join", Exact = true })).ToBeVisibleAsync();
        ann.ShouldBeClean();
        window.ShouldBeClean();
    }
}
