using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Resilience.TestKit;
using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

/// <summary>Answers and events reach the page in another order than they were made in: it shows what is so, and not what came last.</summary>
public abstract class LateAnswerTests(ChromiumFixture chromium)
{
    private const string Streams = "**/api/events?*";
    private const string Lists = "**/api/channels?*";

    [Fact]
    public async Task An_old_answer_undoes_no_edit_and_brings_no_deleted_message_back()
    {
        await using var ann = await OpenAsync();
        using var guest = await WithGuestAsync(ann);
        var id = await ShownAsync(ann);
        var changeAsync = await SayTwoAsync(ann, guest, id);
        await ann.CreateChannelAsync(Names.Next("elsewhere"));
        (await guest.SayAsync(id, "only in the answer")).ShouldHaveStatus(201);

        var held = await ann.HoldAnswerAsync($"**/api/channels/{id}/messages?*");
        await ann.Page.Locator($"[data-channel='{id}']").ClickAsync();
        await held.Asked.Within();
        await changeAsync();
        await ann.SeesAsync("first");
        held.Release();

        await ann.SeesAsync("only in the answer");
        await Expect(ann.Page.Locator("#log .message-text")).ToContainTextAsync(["first", "only in the answer"]);
        await Expect(ann.Page.Locator("#log .message")).ToHaveCountAsync(2);
        ann.ShouldBeClean();
    }

    [Fact]
    public async Task What_was_edited_or_deleted_while_no_stream_was_open_is_shown_as_it_is()
    {
        await using var ann = await OpenAsync();
        using var guest = await WithGuestAsync(ann);
        var id = await ShownAsync(ann);
        var changeAsync = await SayTwoAsync(ann, guest, id);

        var open = await CloseStreamAsync(ann, guest);
        await changeAsync();
        open.SetResult();

        await ann.SeesAsync("first");
        await Expect(ann.Page.Locator("#log .message")).ToHaveCountAsync(1);
        ann.ShouldBeClean();
    }

    [Fact]
    public async Task What_is_shown_is_told_to_be_read_although_the_list_counts_it_later()
    {
        await using var ann = await OpenAsync();
        using var guest = await WithGuestAsync(ann);
        var id = await ShownAsync(ann);
        using var self = await SelfAsync(ann);
        var open = await CloseStreamAsync(ann, guest);
        (await guest.SayAsync(id, "missed")).ShouldHaveStatus(201);

        // The message is shown first, then the list says that it is unread.
        var held = await ann.HoldAnswerAsync(Lists);
        open.SetResult();
        await held.Asked.Within();
        await ann.SeesAsync("missed");
        held.Release();

        await Watchdog.UntilAsync(async () => (await ChannelAsync(self, id))["unread"]!.GetValue<long>() == 0);
        await Expect(ann.Page.Locator($"[data-channel='{id}'] .badge")).ToHaveCountAsync(0);
        ann.ShouldBeClean();
    }

    [Fact]
    public async Task A_message_that_the_list_names_and_has_not_counted_is_counted()
    {
        // Its event waits until the list was read.
        var goOn = new TaskCompletionSource();
        await using var home = await chromium.NewHomeAsync();
        await using var app = await home.StartAsync(configure: builder => TamperingPublisher.Install(builder, async row =>
        {
            await (row.EventType == "message" ? goOn.Task : Task.CompletedTask);
            return true;
        }));
        await using var ann = await Window.OpenAsync(chromium.Browser, app);
        await ann.RegisterAsync(Names.Next("Ann"));
        await ann.CreateChannelAsync(Names.Next("table"));
        var id = await ShownAsync(ann);
        using var guest = await app.NewUserAsync();
        await guest.JoinAsync(id);
        (await guest.SayAsync(id, "Lunch at noon?")).ShouldHaveStatus(201);

        // The list counts in its first statement and looks for the last message in its second: the message came between the two.
        Func<IRoute, Task> early = static route => AnswerAsync(route, static channel => channel["unread"] = 0);
        await ann.Page.RouteAsync(Lists, early);
        await ann.Page.ReloadAsync();
        await ann.LiveAsync();
        await Expect(ann.Page.Locator($"[data-channel='{id}'] .channel-last")).ToContainTextAsync("Lunch");
        await ann.Page.UnrouteAsync(Lists, early);
        goOn.SetResult();

        await Expect(ann.Page.Locator($"[data-channel='{id}'] .badge")).ToContainTextAsync("1");
        ann.ShouldBeClean();
    }

    [Fact]
    public async Task Who_is_removed_while_no_stream_is_open_sees_the_channel_go()
    {
        await using var ann = await OpenAsync();
        await ann.RegisterAsync(Names.Next("Ann"));
        using var self = await SelfAsync(ann);
        using var owner = await chromium.App.NewUserAsync();
        var id = await owner.CreateChannelAsync(isPrivate: true);
        var open = await HoldStreamsAsync(ann);
        (await owner.PostAsync($"/api/channels/{id}/members", new { userId = self.UserId })).ShouldHaveStatus(204);
        await Expect(ann.Page.Locator("#connection")).ToHaveTextAsync("Connecting…");
        await Expect(ann.Page.Locator($"[data-channel='{id}']")).ToBeVisibleAsync();

        // The server refuses the stream that was asked for, and no event has said why.
        (await owner.DeleteAsync($"/api/channels/{id}/members/{self.UserId}")).ShouldHaveStatus(204);
        await chromium.App.PublishedAsync();
        open.SetResult();

        await Expect(ann.Page.Locator($"[data-channel='{id}']")).ToHaveCountAsync(0);
        await ann.LiveAsync();
        ann.ShouldBeClean(refused: $"/api/channels/{id}/");
    }

    private Task<Window> OpenAsync() => Window.OpenAsync(chromium.Browser, chromium.App);

    /// <summary>A user with a channel that is shown, and another member of it.</summary>
    private async Task<TestClient> WithGuestAsync(Window window)
    {
        await window.RegisterAsync(Names.Next("Ann"));
        await window.CreateChannelAsync(Names.Next("late"));
        var guest = await chromium.App.NewUserAsync(Names.Next("Ben"));
        await guest.JoinAsync(await ShownAsync(window));
        return guest;
    }

    /// <summary>Two messages that are seen; the result edits the one and deletes the other.</summary>
    private static async Task<Func<Task>> SayTwoAsync(Window window, TestClient guest, string id)
    {
        var changed = (await guest.SayAsync(id, "frist")).ShouldHaveStatus(201)["id"];
        var deleted = (await guest.SayAsync(id, "spam")).ShouldHaveStatus(201)["id"];
        await window.SeesAsync("spam");
        return async () =>
        {
            (await guest.DeleteAsync($"/api/messages/{deleted}")).ShouldHaveStatus(204);
            (await guest.SendAsync(HttpMethod.Patch, $"/api/messages/{changed}", new { text = "first" })).ShouldHaveStatus(200);
        };
    }

    private static async Task<string> ShownAsync(Window window) => (await window.Page.Locator("button.channel[aria-current]").GetAttributeAsync("data-channel"))!;

    /// <summary>The user of the window, beside it.</summary>
    private async Task<TestClient> SelfAsync(Window window)
    {
        var token = (await window.Page.Context.CookiesAsync()).Single().Value;
        using var asking = new TestClient(chromium.App.Url, token);
        var user = (await asking.GetAsync("/api/session")).ShouldHaveStatus(200).Json.GetProperty("user");
        return new TestClient(chromium.App.Url, token) { UserId = user.GetProperty("id").GetString()! };
    }

    private static async Task<JsonNode> ChannelAsync(TestClient client, string id) =>
        JsonNode.Parse((await client.GetAsync("/api/channels?limit=200")).ShouldHaveStatus(200).Items.Single(item => item.GetProperty("id").GetString() == id).GetRawText())!;

    /// <summary>Closes the stream by a change of the channels, and opens no other one until the result is set.</summary>
    private async Task<TaskCompletionSource> CloseStreamAsync(Window window, TestClient guest)
    {
        var open = await HoldStreamsAsync(window);
        using var self = await SelfAsync(window);
        await self.JoinAsync(await guest.CreateChannelAsync());
        await Expect(window.Page.Locator("#connection")).ToHaveTextAsync("Connecting…");
        return open;
    }

    private static async Task<TaskCompletionSource> HoldStreamsAsync(Window window)
    {
        var open = new TaskCompletionSource();
        await window.Page.RouteAsync(Streams, async route =>
        {
            await open.Task;
            await route.ContinueAsync();
        });
        return open;
    }

    private static async Task AnswerAsync(IRoute route, Action<JsonNode> change)
    {
        var answer = await route.FetchAsync();
        var body = JsonNode.Parse(await answer.TextAsync())!;
        foreach (var item in body["items"]!.AsArray())
        {
            change(item!);
        }

        await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = body.ToJsonString() });
    }
}

public sealed class SqliteLateAnswerTests(SqliteChromium chromium) : LateAnswerTests(chromium), IClassFixture<SqliteChromium>;

public sealed class PostgreSqlLateAnswerTests(PostgreSqlChromium chromium) : LateAnswerTests(chromium), IClassFixture<PostgreSqlChromium>;
