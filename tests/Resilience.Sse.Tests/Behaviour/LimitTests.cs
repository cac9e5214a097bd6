using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Behaviour;

public sealed class LimitTests
{
    [Fact]
    public async Task The_sixth_connection_of_an_address_gets_429_with_Retry_After_and_a_closed_one_frees_its_slot()
    {
        await using var app = await TestApp.StartAsync(static o => o.MaxConnectionsPerKey = 5);
        var streams = new List<SseReader>();
        for (var i = 0; i < 5; i++)
        {
            streams.Add(await app.OpenAsync());
        }

        using (var refused = await app.Http.GetAsync("/events"))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
            refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(1, 10);
            (await refused.Content.ReadAsStringAsync()).ShouldContain("\"reason\":\"key\"");
        }

        await streams[0].DisposeAsync();
        await Watchdog.UntilAsync(() => app.Node.Limiter.Count == 4);
        await using var again = await app.OpenAsync();
        app.Manager.GetStatistics().Rejected["key"].ShouldBe(1);
    }

    [Fact]
    public async Task Over_a_limit_a_browser_can_be_accepted_told_and_sent_back_later()
    {
        await using var app = await TestApp.StartAsync(static o =>
        {
            o.MaxConnections = 1;
            o.LimitResponse = SseLimitResponse.AcceptAndClose;
        });
        await using var first = await app.OpenAsync();
        await using var second = await app.OpenAsync();
        (await second.ReadToEndAsync()).Single().ShouldBe(new ParsedEvent("error", """{"error":"Too many connections","code":"LIMIT"}""", string.Empty));
        second.Parser.Retry!.Value.ShouldBeInRange(3000, 8000);
        app.Manager.ConnectionCount.ShouldBe(1);
        app.Manager.GetStatistics().Rejected["total"].ShouldBe(1);
    }

    [Fact]
    public async Task Attempts_above_the_rate_are_refused_before_anything_is_taken()
    {
        await using var app = await TestApp.StartAsync(static o =>
        {
            o.AttemptBurst = 3;
            o.AttemptsPerSecond = 1;
        });
        for (var i = 0; i < 3; i++)
        {
            await using var stream = await app.OpenAsync();
        }

        using (var refused = await app.Http.GetAsync("/events"))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
            refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        }

        app.Manager.GetStatistics().Rejected["rate"].ShouldBe(1);
        app.Turn(1);
        await using var later = await app.OpenAsync();
    }

    [Theory]
    [InlineData(SseKeyKind.User, "alice", "10.0.0.1", "alice", "10.0.0.2", true)]
    [InlineData(SseKeyKind.User, "alice", "10.0.0.1", "bob", "10.0.0.1", false)]
    [InlineData(SseKeyKind.UserAndAddress, "alice", "10.0.0.1", "alice", "10.0.0.2", false)]
    [InlineData(SseKeyKind.UserAndAddress, "alice", "10.0.0.1", "alice", "10.0.0.1", true)]
    [InlineData(SseKeyKind.RemoteAddress, "alice", "10.0.0.1", "bob", "10.0.0.1", true)]
    [InlineData(SseKeyKind.RemoteAddress, "alice", "2001:db8::1", "alice", "2001:db8::2", true)]
    public void The_key_is_what_the_selector_says(SseKeyKind kind, string user1, string address1, string user2, string address2, bool same)
    {
        var resolver = new KeyResolver(kind, ClaimTypes.NameIdentifier, null);
        (Key(resolver, user1, address1) == Key(resolver, user2, address2)).ShouldBe(same);
    }

    [Fact]
    public async Task A_service_can_give_the_key()
    {
        await using var app = await TestApp.StartAsync(static o => o.MaxConnectionsPerKey = 1, static s => s.AddSingleton<ISseKeySelector, TenantKey>());
        await using var one = await app.OpenAsync("/events?tenant=1");
        await using var two = await app.OpenAsync("/events?tenant=2");
        using var refused = await app.Http.GetAsync("/events?tenant=1");
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task A_second_limit_per_address_stands_beside_a_finer_key()
    {
        await using var app = await TestApp.StartAsync(
            static o =>
            {
                o.MaxConnectionsPerKey = 1;
                o.MaxConnectionsPerAddress = 2;
            },
            static s => s.AddSingleton<ISseKeySelector, TenantKey>());
        await using var one = await app.OpenAsync("/events?tenant=1");
        await using var two = await app.OpenAsync("/events?tenant=2");
        using var refused = await app.Http.GetAsync("/events?tenant=3");
        (await refused.Content.ReadAsStringAsync()).ShouldContain("\"reason\":\"address\"");
    }

    [Fact]
    public async Task Forwarding_headers_that_nobody_processes_are_noticed_once_and_only_from_private_addresses()
    {
        var alerts = new List<SseAlert>();
        await using var app = await TestApp.StartAsync(o => o.OnAlert = alerts.Add, map: static a => a.Use((context, next) =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Parse(context.Request.Query["ip"].ToString());
            return next(context);
        }));
        app.Http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        await using (await app.OpenAsync("/events?ip=203.0.113.77"))
        {
            app.Manager.GetStatistics().UnprocessedForwardingHeaders.ShouldBeFalse("a stranger must not raise the alert");
        }

        await using var one = await app.OpenAsync("/events?ip=10.1.2.3");
        await using var two = await app.OpenAsync("/events?ip=10.1.2.3");
        app.Manager.GetStatistics().UnprocessedForwardingHeaders.ShouldBeTrue();
        alerts.ShouldBe([new SseAlert("forwarding_headers", true, 1)]);
        app.Logs.Of(1006).Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_alert_on_forwarding_headers_clears_five_minutes_after_the_last_of_them()
    {
        var alerts = new List<SseAlert>();
        await using var app = await TestApp.StartAsync(o => o.OnAlert = alerts.Add, map: static a => a.Use((context, next) =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Loopback;
            return next(context);
        }));
        app.Http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        await using (await app.OpenAsync())
        {
            app.Turn(200);
        }

        await using (await app.OpenAsync())
        {
            app.Turn(299);
            alerts.ShouldBe([new SseAlert("forwarding_headers", true, 1)], "the second one came later");
            app.Turn(2);
        }

        alerts.ShouldBe([new SseAlert("forwarding_headers", true, 1), new SseAlert("forwarding_headers", false, 0)]);
        app.Manager.GetStatistics().UnprocessedForwardingHeaders.ShouldBeFalse();
        app.Logs.Of(1005).Count.ShouldBe(1);
        await using (await app.OpenAsync())
        {
            alerts[^1].Active.ShouldBeTrue("it can be raised again");
        }
    }

    private static string Key(KeyResolver resolver, string user, string address)
    {
        var http = new DefaultHttpContext { User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user)], "test")) };
        return resolver.Key(http, KeyResolver.Network(IPAddress.Parse(address)));
    }

    private sealed class TenantKey : ISseKeySelector
    {
        public string SelectKey(HttpContext context) => context.Request.Query["tenant"].ToString();
    }
}
