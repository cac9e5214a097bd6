using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>What one caller, or one address, cannot take from the others.</summary>
public abstract partial class LimitTests(string database) : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private AppHome _home = null!;

    public async ValueTask InitializeAsync() => _home = await AppHome.CreateAsync(database);

    public async ValueTask DisposeAsync()
    {
        await _home.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Wrong_passwords_for_one_name_end_and_other_users_sign_in()
    {
        await using var app = await StartAsync("--Limits:WrongPasswords:Burst=20", "--Limits:WrongPasswords:PerMinute=1");
        using var ann = await app.NewUserAsync();
        using var ben = await app.NewUserAsync();
        using var guesser = app.NewClient();

        var replies = await Task.WhenAll(
            Enumerable.Range(0, 30).Select(i => guesser.PostAsync("/api/session", new { name = ann.Name, password = $"guess {i}" }))).Within();

        replies.Count(static reply => reply.Status == 401).ShouldBe(20);
        replies.Where(static reply => reply.Status != 401).ShouldAllBe(static reply => reply.ShouldBeRefused(429).Headers.RetryAfter!.Delta == TimeSpan.FromMinutes(1));
        (await guesser.PostAsync("/api/session", new { name = ann.Name.ToUpperInvariant(), password = TestClient.Password })).ShouldBeRefused(429)["detail"]
            .ShouldContain("wrong passwords");
        using var other = await app.SignInAsync(ben.Name);
        (await ann.GetAsync("/api/channels")).ShouldHaveStatus(200);

        // A right password takes nothing away: the one turn that comes back serves many sign-ins.
        _time.Advance(TimeSpan.FromMinutes(1));
        using var first = await app.SignInAsync(ann.Name);
        using var second = await app.SignInAsync(ann.Name);
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task Registrations_and_sign_ins_of_one_address_are_limited_each_for_itself()
    {
        await using var app = await StartAsync(
            "--Limits:Registrations:Burst=2", "--Limits:Registrations:PerMinute=1", "--Limits:SignIns:Burst=2", "--Limits:SignIns:PerMinute=2");
        using var ann = await app.NewUserAsync();
        using var ben = await app.NewUserAsync();
        using var client = app.NewClient();

        var registration = new { name = "third", password = TestClient.Password };
        var refused = (await client.PostAsync("/api/users", registration)).ShouldBeRefused(429);
        refused["detail"].ShouldContain("registrations");
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(60));
        refused = (await client.PostAsync("/api/session", new { name = ann.Name, password = TestClient.Password })).ShouldBeRefused(429);
        refused["detail"].ShouldContain("sign-ins");
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(30));
        (await ben.GetAsync("/api/session")).ShouldHaveStatus(200);

        _time.Advance(TimeSpan.FromSeconds(30));
        using var again = await app.SignInAsync(ann.Name);
        (await client.PostAsync("/api/users", registration)).ShouldBeRefused(429);
        _time.Advance(TimeSpan.FromSeconds(30));
        (await client.PostAsync("/api/users", registration)).ShouldHaveStatus(201);
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task Posts_of_one_user_are_limited_and_others_go_on()
    {
        await using var app = await StartAsync("--Limits:Posts:Burst=2", "--Limits:Posts:PerMinute=1");
        using var ann = await app.NewUserAsync();
        using var ben = await app.NewUserAsync();
        var channel = await ann.CreateChannelAsync();
        await ben.JoinAsync(channel);

        (await ann.SayAsync(channel, "1")).ShouldHaveStatus(201);
        (await UploadAsync(ann, channel, 10)).ShouldHaveStatus(201);
        var refused = (await ann.SayAsync(channel, "3")).ShouldBeRefused(429);
        refused["detail"].ShouldContain("posts");
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromMinutes(1));
        (await UploadAsync(ann, channel, 10)).ShouldBeRefused(429);
        (await ben.SayAsync(channel, "mine")).ShouldHaveStatus(201);
        (await ann.GetAsync($"/api/channels/{channel}/messages")).Items.Length.ShouldBe(2);

        _time.Advance(TimeSpan.FromMinutes(1));
        (await ann.SayAsync(channel, "3")).ShouldHaveStatus(201);
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task The_bytes_of_an_uploader_are_limited_also_when_uploads_run_at_once()
    {
        await using var app = await StartAsync("--Attachments:MaxBytesPerUser=1000");
        using var ann = await app.NewUserAsync();
        var channels = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => ann.CreateChannelAsync()));

        var replies = await Task.WhenAll(channels.Select(channel => UploadAsync(ann, channel, 400))).Within();

        replies.Count(static reply => reply.Status == 201).ShouldBe(2);
        replies.Where(static reply => reply.Status != 201).ShouldAllBe(static reply => reply.ShouldBeRefused(413)["detail"].Contains("1,000 are allowed"));
        (await Stored.TextsAsync(app, "SELECT id FROM resilience_file_upload")).ShouldBeEmpty();
        var kept = replies.First(static reply => reply.Status == 201);
        (await ann.DeleteAsync($"/api/attachments/{kept["id"]}")).ShouldHaveStatus(204);
        (await UploadAsync(ann, channels[0], 400)).ShouldHaveStatus(201);
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task The_files_of_a_user_are_limited_in_number_also_when_uploads_run_at_once()
    {
        await using var app = await StartAsync("--Attachments:MaxPerUser=2");
        using var ann = await app.NewUserAsync();
        using var ben = await app.NewUserAsync();
        var channel = await ann.CreateChannelAsync();
        await ben.JoinAsync(channel);

        var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => UploadAsync(ann, channel, 1))).Within();

        replies.Count(static reply => reply.Status == 201).ShouldBe(2);
        replies.Where(static reply => reply.Status != 201).ShouldAllBe(static reply => reply.ShouldBeRefused(413)["detail"].Contains("2 are allowed"));
        (await UploadAsync(ben, channel, 1)).ShouldHaveStatus(201);
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task The_channels_of_a_user_are_limited_in_number_also_when_they_are_created_at_once()
    {
        await using var app = await StartAsync("--Channels:MaxOwnedPerUser=2");
        using var ann = await app.NewUserAsync();
        using var ben = await app.NewUserAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => ann.PostAsync("/api/channels", new { name = $"channel {i}" }))).Within();

        replies.Count(static reply => reply.Status == 201).ShouldBe(2);
        foreach (var refused in replies.Where(static reply => reply.Status != 201))
        {
            refused.ShouldBeRefused(429)["detail"].ShouldContain("2 channels");
            refused.Headers.RetryAfter.ShouldNotBeNull();
        }

        (await ann.GetAsync("/api/channels")).Items.Length.ShouldBe(2);
        await ben.CreateChannelAsync();
        app.ShouldHaveLoggedNoProblem();
    }

    [Theory]
    [InlineData("--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nno end")]
    [InlineData("--limit\r\nContent-Disposition: form-data")]
    [InlineData("nothing at all")]
    [InlineData("--limit\r\nno header\r\n\r\nx\r\n--limit--\r\n")]
    public async Task A_damaged_upload_is_the_callers_mistake(string body)
    {
        await using var app = await StartAsync();
        using var ann = await app.NewUserAsync();
        var channel = await ann.CreateChannelAsync();
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=limit");

        (await ann.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/api/channels/{channel}/attachments") { Content = content }))
            .ShouldNameField("file", string.Empty);

        app.ShouldHaveLoggedNoProblem();
        (await Stored.TextsAsync(app, "SELECT id FROM resilience_file_upload")).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_who_was_removed_cannot_delete_the_file_and_an_owner_can()
    {
        await using var app = await StartAsync();
        using var owner = await app.NewUserAsync();
        using var uploader = await app.NewUserAsync();
        var channel = await owner.CreateChannelAsync();
        await uploader.JoinAsync(channel);
        var file = (await UploadAsync(uploader, channel, 1)).ShouldHaveStatus(201)["id"];
        (await owner.DeleteAsync($"/api/channels/{channel}/members/{uploader.UserId}")).ShouldHaveStatus(204);

        (await uploader.DeleteAsync($"/api/attachments/{file}")).ShouldBeRefused(403);

        (await owner.GetAsync($"/api/attachments/{file}")).ShouldHaveStatus(200);
        (await owner.DeleteAsync($"/api/attachments/{file}")).ShouldHaveStatus(204);
    }

    [Fact]
    public async Task Names_with_invisible_characters_are_refused()
    {
        await using var app = await StartAsync();
        using var alice = await app.NewUserAsync("alice");
        using var client = app.NewClient();

        foreach (var name in new[] { "al\u200Bice", "\u202Ealice", "ali\u2028ce", "ali\nce", "a\U000E0041lice" })
        {
            (await client.PostAsync("/api/users", new { name, password = TestClient.Password })).ShouldNameField("name", "invisible");
        }

        (await client.PostAsync("/api/users", new { name = "ALICE", password = TestClient.Password })).ShouldBeRefused(409);
        (await client.PostAsync("/api/users", new { name = "Zoë 🎉", password = TestClient.Password })).ShouldHaveStatus(201);
    }

    [Fact]
    public async Task The_name_of_an_operator_is_not_given_away()
    {
        await using var app = await StartAsync("--Operators=boss");
        using var stranger = app.NewClient();

        foreach (var name in new[] { "boss", " BOSS " })
        {
            foreach (var code in new[] { null, string.Empty, "a code that is wrong" })
            {
                (await stranger.PostAsync("/api/users", new { name, password = TestClient.Password, operatorCode = code })).ShouldBeRefused(403)["detail"].ShouldContain("operatorCode");
            }
        }

        (await stranger.PostAsync("/api/session", new { name = "boss", password = TestClient.Password })).ShouldBeRefused(401);
        using var first = await app.NewUserAsync();
        (await first.GetAsync("/ops/audit")).ShouldBeRefused(403);
        using var boss = await app.NewUserAsync("boss");
        (await boss.GetAsync("/ops/audit")).ShouldHaveStatus(200);
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task Without_a_code_in_the_settings_the_log_names_one_while_an_operator_is_missing()
    {
        var app = await StartAsync("--Operators=boss", "--Accounts:OperatorCode=");
        var code = CodePattern().Match(Missing(app).ShouldHaveSingleItem()).Groups[1].Value;
        using var client = app.NewClient();
        (await client.PostAsync("/api/users", new { name = "boss", password = TestClient.Password, operatorCode = code })).ShouldHaveStatus(201);
        using var boss = await app.SignInAsync("boss");
        (await boss.GetAsync("/ops/audit")).ShouldHaveStatus(200);
        await app.DisposeAsync();

        await using var again = await StartAsync("--Operators=boss", "--Accounts:OperatorCode=");
        Missing(again).ShouldBeEmpty();
    }

    private static List<string> Missing(TestApp app) =>
        [.. app.Logs.AtLeast(LogLevel.Information).Select(static record => record.ToString()!).Where(static text => text.Contains("BOSS is not registered yet", StringComparison.Ordinal))];

    private static Task<Reply> UploadAsync(TestClient client, string channel, int size)
    {
        var body = new MultipartFormDataContent { { new ByteArrayContent(new byte[size]), "file", "a.bin" } };
        return client.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/api/channels/{channel}/attachments") { Content = body });
    }

    [GeneratedRegex("it is: ([0-9a-f]{32})")]
    private static partial Regex CodePattern();

    private Task<TestApp> StartAsync(params string[] settings) => _home.StartAsync(settings, builder => Replace.Time(builder, _time));
}

public sealed class SqliteLimitTests() : LimitTests(AppHome.Sqlite);

public sealed class PostgreSqlLimitTests() : LimitTests(AppHome.PostgreSql);
