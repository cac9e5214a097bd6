using Microsoft.Playwright;
using Resilience.TestKit;
using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

/// <summary>What the page does when something between it and the server fails.</summary>
public abstract class RecoveryTests(ChromiumFixture chromium)
{
    private const string Streams = "**/api/events*";
    private const string Sending = "**/api/channels/*/messages";

    [Fact]
    public async Task A_hole_in_the_sequence_is_found_and_fetched()
    {
        await using var home = await chromium.NewHomeAsync();
        await using var app = await home.StartAsync(
            configure: static builder => TamperingPublisher.Install(builder, static row => ValueTask.FromResult(!row.Data.Contains("\"lost\"", StringComparison.Ordinal))));
        await using var window = await Window.OpenAsync(chromium.Browser, app);
        await window.RegisterAsync("Ann");
        await window.CreateChannelAsync("holes");
        using var ben = await app.NewUserAsync();
        await ben.JoinAsync("1");

        await ben.SayAsync("1", "first");
        await window.SeesAsync("first");
        await ben.SayAsync("1", "lost");
        await ben.SayAsync("1", "third");

        await window.SeesAsync("third");
        await window.SeesAsync("lost");
        await Expect(window.Page.Locator("#log .message-text")).ToHaveTextAsync(["first", "lost", "third"]);
        window.ShouldBeClean();
    }

    [Fact]
    public async Task A_server_that_comes_back_is_found_its_gap_is_shown_and_nothing_is_missing()
    {
        await using var home = await chromium.NewHomeAsync();
        string[] settings = ["--Sse:ReconnectDelay=00:00:00.2", "--Sse:ReconnectSpread=00:00:00"];

        // A port that no outgoing connection takes while nobody listens on it.
        var address = $"http://127.0.0.1:{FreePort.Next()}";
        var app = await home.StartAsync([.. settings, $"--urls={address}"]);
        await using var window = await Window.OpenAsync(chromium.Browser, app);
        await window.RegisterAsync("Ann");
        await window.CreateChannelAsync("restarts");
        await window.SayAsync("before");
        await window.SeesAsync("before");

        // A server that is still stopping answers 503, with which a browser gives its position up: the page has to find no server at all.
        await window.Page.RouteAsync(Streams, static route => route.AbortAsync("connectionrefused"));
        await app.DisposeAsync();
        await window.Page.UnrouteAsync(Streams);
        await Expect(window.Page.Locator("#connection")).ToHaveTextAsync("Reconnecting…");
        await using var again = await home.StartAsync([.. settings, $"--urls={address}"]);
        using var ann = await again.SignInAsync("Ann");
        await ann.SayAsync("1", "while away");

        await window.LiveAsync();

        // The new process has a new epoch: the stream says that it cannot tell what was missed, and the page reads it.
        await Expect(window.Page.Locator("#gap")).ToBeVisibleAsync();
        await window.SeesAsync("while away");
        await window.SayAsync("after");
        await window.SeesAsync("after");
    }

    [Fact]
    public async Task A_damaged_note_of_unsent_messages_is_dropped_and_the_page_goes_on()
    {
        await using var home = await chromium.NewHomeAsync();
        await using var app = await home.StartAsync();
        await using var window = await Window.OpenAsync(chromium.Browser, app);
        await window.RegisterAsync("Ann");

        foreach (var damaged in new[] { "{not json", "{}", "null", "[null]", "[{}]" })
        {
            await window.Page.EvaluateAsync("text => localStorage.setItem('unsent:1', text)", damaged);
            await window.Page.ReloadAsync();
            await window.LiveAsync();
            (await window.Page.EvaluateAsync<string?>("() => localStorage.getItem('unsent:1')")).ShouldBeNull(damaged);
        }

        window.ShouldBeClean();
    }

    [Fact]
    public async Task A_message_whose_answer_got_lost_is_sent_again_and_stored_once()
    {
        await using var window = await ReadyAsync();
        var tries = 0;
        await window.Page.RouteAsync(Sending, async route =>
        {
            if (route.Request.Method == "POST" && Interlocked.Increment(ref tries) <= 2)
            {
                await route.FetchAsync();
                await route.AbortAsync();
                return;
            }

            await route.ContinueAsync();
        });

        await window.SayAsync("say it once");
        await Expect(Waiting(window)).ToContainTextAsync("Try 2 of 6");
        await window.Page.Clock.FastForwardAsync("00:02");
        await Expect(Waiting(window)).ToContainTextAsync("Try 3 of 6");
        await window.Page.Clock.FastForwardAsync("00:04");

        await Expect(Waiting(window)).ToHaveCountAsync(0);
        await window.SeesAsync("say it once");
        tries.ShouldBe(3);
    }

    [Fact]
    public async Task After_a_first_try_and_five_more_the_user_is_told()
    {
        await using var window = await ReadyAsync();
        var tries = 0;
        await window.Page.RouteAsync(Sending, route =>
        {
            if (route.Request.Method != "POST")
            {
                return route.ContinueAsync();
            }

            Interlocked.Increment(ref tries);
            return route.FulfillAsync(new() { Status = 503 });
        });

        await window.SayAsync("never arrives");
        var expected = 1;
        foreach (var seconds in new[] { 2, 4, 8, 16, 32 })
        {
            await Expect(Waiting(window)).ToContainTextAsync($"Try {++expected} of 6");
            tries.ShouldBe(expected - 1);
            await window.Page.Clock.FastForwardAsync((seconds * 1000) - 1);
            tries.ShouldBe(expected - 1);
            await window.Page.Clock.FastForwardAsync(1);
        }

        await Expect(window.Page.Locator(".notice.failure")).ToContainTextAsync("never arrives");
        await Expect(Waiting(window)).ToHaveCountAsync(0);
        tries.ShouldBe(6);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(409)]
    public async Task What_is_refused_for_good_leaves_the_queue_at_once(int status)
    {
        await using var window = await ReadyAsync();
        var tries = 0;
        await window.Page.RouteAsync(Sending, route =>
        {
            if (route.Request.Method != "POST")
            {
                return route.ContinueAsync();
            }

            return Interlocked.Increment(ref tries) == 1
                ? route.FulfillAsync(new() { Status = status, ContentType = "application/problem+json", Body = """{"detail":"Because."}""" })
                : route.ContinueAsync();
        });

        await window.SayAsync("refused");
        await Expect(window.Page.Locator(".notice.failure")).ToContainTextAsync("Because.");
        await window.SayAsync("accepted");

        await window.SeesAsync("accepted");
        await Expect(Waiting(window)).ToHaveCountAsync(0);
        tries.ShouldBe(2);
    }

    [Fact]
    public async Task The_server_says_how_long_to_wait()
    {
        await using var window = await ReadyAsync();
        var tries = 0;
        await window.Page.RouteAsync(Sending, route =>
            route.Request.Method == "POST" && Interlocked.Increment(ref tries) == 1
                ? route.FulfillAsync(new()
                {
                    Status = 429,
                    ContentType = "application/problem+json",
                    Headers = new Dictionary<string, string> { ["Retry-After"] = "30" },
                    Body = """{"status":429,"detail":"Too many requests of this kind (limit: posts)."}""",
                })
                : route.ContinueAsync());

        await window.SayAsync("patience");
        await Expect(Waiting(window)).ToContainTextAsync("limit: posts");
        await Expect(Waiting(window)).ToContainTextAsync("Try 2 of 6");
        await window.Page.Clock.FastForwardAsync("00:29");
        tries.ShouldBe(1);
        await window.Page.Clock.FastForwardAsync("00:01");

        await window.SeesAsync("patience");
        tries.ShouldBe(2);
    }

    [Fact]
    public async Task What_is_not_sent_yet_survives_a_reload_in_its_order()
    {
        await using var window = await ReadyAsync();
        var down = true;
        await window.Page.RouteAsync(Sending, route => down && route.Request.Method == "POST" ? route.AbortAsync() : route.ContinueAsync());
        foreach (var text in new[] { "one", "two", "three" })
        {
            await window.SayAsync(text);
        }

        await Expect(Waiting(window).First).ToContainTextAsync("Try 2 of 6");
        down = false;
        await window.Page.ReloadAsync();
        await window.LiveAsync();
        await window.Page.Locator("#channels-joined button").First.ClickAsync();

        await window.SeesAsync("three");
        await Expect(window.Page.Locator("#log .message-text")).ToHaveTextAsync(["one", "two", "three"]);
    }

    [Fact]
    public async Task A_message_that_waits_can_be_sent_now_or_discarded()
    {
        await using var window = await ReadyAsync();
        var down = true;
        await window.Page.RouteAsync(Sending, route => down && route.Request.Method == "POST" ? route.AbortAsync() : route.ContinueAsync());
        await window.SayAsync("unwanted");
        await Expect(Waiting(window)).ToContainTextAsync("Try 2 of 6");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Discard" }).ClickAsync();
        await Expect(Waiting(window)).ToHaveCountAsync(0);

        await window.SayAsync("wanted");
        await Expect(Waiting(window)).ToContainTextAsync("Try 2 of 6");
        down = false;
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Send now" }).ClickAsync();

        await window.SeesAsync("wanted");
        await Expect(window.Message("unwanted")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Who_is_signed_out_elsewhere_is_told_so()
    {
        await using var window = await ReadyAsync();
        var token = (await window.Page.Context.CookiesAsync()).Single().Value;
        using var elsewhere = new TestClient(chromium.App.Url, token);

        (await elsewhere.DeleteAsync("/api/session")).ShouldHaveStatus(204);

        await Expect(window.Page.Locator("#account-error")).ToHaveTextAsync("You were signed out.");
        await Expect(window.Page.Locator("#workspace")).ToBeHiddenAsync();
        window.ShouldBeClean(signedOut: true);
    }

    private static ILocator Waiting(Window window) => window.Page.Locator("#resend .message");

    /// <summary>A window with an open channel, whose timers are moved by the test.</summary>
    private async Task<Window> ReadyAsync()
    {
        var window = await Window.OpenAsync(chromium.Browser, chromium.App);
        await window.TakeClockAsync();
        await window.RegisterAsync(Names.Next("Rita"));
        await window.CreateChannelAsync(Names.Next("resend"));
        await window.StopClockAsync();
        return window;
    }
}

public sealed class SqliteRecoveryTests(SqliteChromium chromium) : RecoveryTests(chromium), IClassFixture<SqliteChromium>;

public sealed class PostgreSqlRecoveryTests(PostgreSqlChromium chromium) : RecoveryTests(chromium), IClassFixture<PostgreSqlChromium>;
