using Messaging.Accounts;
using Microsoft.AspNetCore.Http;

namespace Messaging.Tests.Behaviour;

/// <summary>What keeps other sites out of a user's browser session.</summary>
public abstract class BrowserProtectionTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    public async Task A_request_that_another_site_made_changes_nothing(string header, string value)
    {
        using var user = await App.NewUserAsync();
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/api/session") { Headers = { { header, value } } };

        (await user.SendAsync(request)).ShouldBeRefused(403);

        (await user.GetAsync("/api/channels")).ShouldHaveStatus(200);
    }

    [Fact]
    public async Task The_page_itself_and_clients_that_are_no_browser_may_change_things()
    {
        using var user = await App.NewUserAsync();
        using var page = new HttpRequestMessage(HttpMethod.Post, "/api/channels")
        {
            Headers = { { "Sec-Fetch-Site", "same-origin" } },
            Content = System.Net.Http.Json.JsonContent.Create(new { name = "a" }),
        };
        using var old = new HttpRequestMessage(HttpMethod.Post, "/api/channels")
        {
            Headers = { { "Origin", App.Url.GetLeftPart(UriPartial.Authority) } },
            Content = System.Net.Http.Json.JsonContent.Create(new { name = "b" }),
        };

        (await user.SendAsync(page)).ShouldHaveStatus(201);
        (await user.SendAsync(old)).ShouldHaveStatus(201);
        (await user.PostAsync("/api/channels", new { name = "c" })).ShouldHaveStatus(201);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/js/app.js")]
    [InlineData("/api/nothing")]
    [InlineData("/health")]
    public async Task Every_answer_keeps_the_browser_to_this_site(string path)
    {
        using var client = App.NewClient();

        var headers = (await client.GetAsync(path)).Headers;

        headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("default-src 'none'; script-src 'self'");
        headers.GetValues("X-Content-Type-Options").Single().ShouldBe("nosniff");
        headers.GetValues("Referrer-Policy").Single().ShouldBe("no-referrer");
        headers.Contains("Server").ShouldBeFalse();
    }

    [Fact]
    public async Task Answers_of_the_api_are_kept_by_nobody()
    {
        using var user = await App.NewUserAsync();

        (await user.GetAsync("/api/channels")).Headers.CacheControl!.NoStore.ShouldBeTrue();
    }

    [Fact]
    public async Task A_failure_and_what_operators_read_have_the_same_headers_and_are_kept_by_nobody()
    {
        await using var home = await NewHomeAsync();
        await using var app = await home.StartAsync(
            configure: static builder => Replace.Service<IPageFeature>(builder, new BrokenFeature()));
        using var user = await app.NewUserAsync();

        foreach (var (path, status) in new[] { ("/api/session", 500), ("/ops/audit", 200), ("/health", 200) })
        {
            var reply = (await user.GetAsync(path)).ShouldHaveStatus(status);
            reply.Headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("default-src 'none'", customMessage: path);
            reply.Headers.GetValues("X-Content-Type-Options").Single().ShouldBe("nosniff", path);
            reply.Headers.CacheControl!.NoStore.ShouldBeTrue(path);
        }

        (await user.GetAsync("/js/app.js")).Headers.CacheControl!.NoStore.ShouldBeFalse();
    }

    private sealed class BrokenFeature : IPageFeature
    {
        public string Name => "broken";

        public bool IsOn(HttpContext context) => throw new InvalidOperationException("Broken by the test.");
    }
}

public sealed class SqliteBrowserProtectionTests(SqliteMessaging fixture) : BrowserProtectionTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlBrowserProtectionTests(PostgreSqlMessaging fixture) : BrowserProtectionTests(fixture), IClassFixture<PostgreSqlMessaging>;
