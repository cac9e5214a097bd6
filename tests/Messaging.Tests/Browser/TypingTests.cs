using static Microsoft.Playwright.Assertions;

namespace Messaging.Tests.Browser;

public abstract class TypingTests(ChromiumFixture chromium)
{
    [Fact]
    public async Task One_sees_that_the_other_types_until_the_message_is_there()
    {
        await using var home = await chromium.NewHomeAsync();
        await using var app = await home.StartAsync(["--Apps:default:ClientEvents=true"]);
        await using var ann = await Window.OpenAsync(chromium.Browser, app);
        await using var ben = await Window.OpenAsync(chromium.Browser, app);
        await ann.TakeClockAsync();
        await ben.TakeClockAsync();
        await ann.RegisterAsync("Ann");
        await ann.CreateChannelAsync("talk");
        await ben.RegisterAsync("Ben");
        await ben.JoinAsync("talk");

        // From here on no time passes in the pages: the note stays until the message takes it away, and is not sent a second time.
        await ann.StopClockAsync();
        await ben.StopClockAsync();
        await ann.Page.Locator("#composer-text").PressSequentiallyAsync("Hello");
        await Expect(ben.Page.Locator("#typing")).ToHaveTextAsync("Ann is typing…");
        await Expect(ann.Page.Locator("#typing")).ToBeEmptyAsync();
        await ann.Page.Locator("#composer-text").PressAsync("Enter");
        await ben.SeesAsync("Hello");

        await Expect(ben.Page.Locator("#typing")).ToBeEmptyAsync();
        ann.ShouldBeClean();
        ben.ShouldBeClean();
    }
}

public sealed class SqliteTypingTests(SqliteChromium chromium) : TypingTests(chromium), IClassFixture<SqliteChromium>;

public sealed class PostgreSqlTypingTests(PostgreSqlChromium chromium) : TypingTests(chromium), IClassFixture<PostgreSqlChromium>;
