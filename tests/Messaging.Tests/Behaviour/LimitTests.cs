using System.Text;
using Messaging.Accounts;
using Messaging.Limits;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>What one caller, or one address, cannot take from the others.</summary>
public sealed class LimitTests : IDisposable
{
    private readonly TempFolder _folder = new("limits");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Wrong_passwords_for_one_name_end_and_other_users_sign_in()
    {
        await using var app = await TestApp.StartAsync(_folder.FullPath, ["--Limits:WrongPasswords:Burst=20", "--Limits:WrongPasswords:PerMinute=1"]);
        using var ann = await app.NewUserAsync();
        using var ben = await app.NewUserAsync();
        using var guesser = app.NewClient();

        var replies = new List<Reply>();
        for (var i = 0; i < 30; i++)
        {
            replies.Add(await guesser.PostAsync("/api/session", new { name = ann.Name, password = $"guess {i}" }));
        }

        replies.Take(20).ShouldAllBe(static reply => reply.Status == 401);
        replies[^1].ShouldBeRefused(429).Headers.RetryAfter.ShouldNotBeNull();
        (await guesser.PostAsync("/api/session", new { name = ann.Name.ToUpperInvariant(), password = TestClient.Password })).ShouldBeRefused(429);
        using var again = await app.SignInAsync(ben.Name);
        (await ann.GetAsync("/api/channels")).ShouldHaveStatus(200);
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task Registrations_and_sign_ins_of_one_address_are_limited_each_for_itself()
    {
        await using var app = await TestApp.StartAsync(
            _folder.FullPath,
            ["--Limits:Registrations:Burst=2", "--Limits:Registrations:PerMinute=1", "--Limits:SignIns:Burst=2", "--Limits:SignIns:PerMinute=1"]);
        using var ann = await app.NewUserAsync();
        using var ben = await app.NewUserAsync();
        using var client = app.NewClient();

        (await client.PostAsync("/api/users", new { name = "third", password = TestClient.Password })).ShouldBeRefused(429).Headers.RetryAfter.ShouldNotBeNull();
        (await client.PostAsync("/api/session", new { name = ann.Name, password = TestClient.Password })).ShouldBeRefused(429).Headers.RetryAfter.ShouldNotBeNull();
        (await ben.GetAsync("/api/session")).ShouldHaveStatus(200);
    }

    [Fact]
    public async Task Above_the_line_for_hashing_callers_are_sent_away()
    {
        using var hasher = new HeldHasher();
        using var passwords = new Passwords(hasher, Options.Create(new LimitOptions { PasswordsWaiting = 1 }));
        var running = new List<Task<string?>>();
        for (var i = 0; i < Math.Max(1, Environment.ProcessorCount / 2); i++)
        {
            running.Add(passwords.HashAsync("a", default));
        }

        var waiting = passwords.HashAsync("b", default);

        (await passwords.HashAsync("c", default).Within()).ShouldBeNull();
        (await passwords.VerifyAsync(null, "c", default).Within()).ShouldBeNull();
        waiting.IsCompleted.ShouldBeFalse();
        hasher.Open();
        (await waiting.Within()).ShouldBe("hash");
        (await Task.WhenAll(running).Within()).ShouldAllBe(static hash => hash == "hash");
        (await passwords.HashAsync("d", default).Within()).ShouldBe("hash");
    }

    [Fact]
    public async Task Posts_of_one_user_are_limited_and_others_go_on()
    {
        await using var app = await TestApp.StartAsync(_folder.FullPath, ["--Limits:Posts:Burst=2", "--Limits:Posts:PerMinute=1"]);
        using var ann = await app.NewUserAsync();
        using var ben = await app.NewUserAsync();
        var channel = await ann.CreateChannelAsync();
        await ben.JoinAsync(channel);

        (await ann.SayAsync(channel, "1")).ShouldHaveStatus(201);
        (await UploadAsync(ann, channel, 10)).ShouldHaveStatus(201);
        (await ann.SayAsync(channel, "3")).ShouldBeRefused(429).Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        (await UploadAsync(ann, channel, 10)).ShouldBeRefused(429);
        (await ben.SayAsync(channel, "mine")).ShouldHaveStatus(201);
        (await ann.GetAsync($"/api/channels/{channel}/messages")).Items.Length.ShouldBe(2);
    }

    [Fact]
    public async Task The_bytes_of_an_uploader_are_limited_also_when_uploads_run_at_once()
    {
        await using var app = await TestApp.StartAsync(_folder.FullPath, ["--Attachments:MaxBytesPerUser=1000"]);
        using var ann = await app.NewUserAsync();
        var channels = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ann.CreateChannelAsync()));

        var replies = await Task.WhenAll(channels.Select(channel => UploadAsync(ann, channel, 400))).Within();

        replies.Count(static reply => reply.Status == 201).ShouldBe(2);
        replies.First(static reply => reply.Status != 201).ShouldBeRefused(409)["detail"].ShouldContain("1,000 are allowed");
        (await Stored.TextsAsync(app, "SELECT id FROM resilience_file_upload")).ShouldBeEmpty();
        var kept = replies.First(static reply => reply.Status == 201);
        (await ann.DeleteAsync($"/api/attachments/{kept["id"]}")).ShouldHaveStatus(204);
        (await UploadAsync(ann, channels[0], 400)).ShouldHaveStatus(201);
    }

    [Fact]
    public async Task The_files_and_the_channels_of_a_user_are_limited_in_number()
    {
        await using var app = await TestApp.StartAsync(_folder.FullPath, ["--Attachments:MaxPerUser=1", "--Channels:MaxOwnedPerUser=2"]);
        using var ann = await app.NewUserAsync();
        using var ben = await app.NewUserAsync();
        var channel = await ann.CreateChannelAsync();
        await ann.CreateChannelAsync();

        (await ann.PostAsync("/api/channels", new { name = "third" })).ShouldBeRefused(409)["detail"].ShouldContain("2 channels");
        await ben.CreateChannelAsync();
        (await UploadAsync(ann, channel, 1)).ShouldHaveStatus(201);
        (await UploadAsync(ann, channel, 1)).ShouldBeRefused(409)["detail"].ShouldContain("1 are allowed");
    }

    [Theory]
    [InlineData("--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nno end")]
    [InlineData("--limit\r\nContent-Disposition: form-data")]
    [InlineData("nothing at all")]
    [InlineData("--limit\r\nno header\r\n\r\nx\r\n--limit--\r\n")]
    public async Task A_damaged_upload_is_the_callers_mistake(string body)
    {
        await using var app = await TestApp.StartAsync(_folder.FullPath);
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
        await using var app = await TestApp.StartAsync(_folder.FullPath);
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
    public async Task Names_that_look_the_same_are_the_same_and_invisible_characters_are_refused()
    {
        await using var app = await TestApp.StartAsync(_folder.FullPath);
        using var alice = await app.NewUserAsync("alice");
        using var client = app.NewClient();

        foreach (var name in new[] { "al\u200Bice", "\u202Ealice", "ali\u2028ce", "ali\nce", "a\U000E0041lice" })
        {
            (await client.PostAsync("/api/users", new { name, password = TestClient.Password })).ShouldNameField("name", "invisible");
        }

        (await client.PostAsync("/api/users", new { name = "\uFF41\uFF4C\uFF49\uFF43\uFF45", password = TestClient.Password })).ShouldBeRefused(409);
        (await client.PostAsync("/api/users", new { name = "Zoë 🎉", password = TestClient.Password })).ShouldHaveStatus(201);
    }

    [Fact]
    public async Task An_operator_whom_nobody_has_registered_is_named_at_the_start()
    {
        var app = await TestApp.StartAsync(_folder.FullPath, ["--Operators=boss"]);
        Missing(app).ShouldHaveSingleItem().ShouldContain("BOSS");
        using var boss = await app.NewUserAsync("boss");
        (await boss.GetAsync("/ops/audit")).ShouldHaveStatus(200);
        await app.DisposeAsync();

        await using var again = await TestApp.StartAsync(_folder.FullPath, ["--Operators=boss"]);
        Missing(again).ShouldBeEmpty();
    }

    private static List<string> Missing(TestApp app) =>
        [.. app.Logs.AtLeast(LogLevel.Warning).Select(static record => record.ToString()!).Where(static text => text.Contains("not registered yet", StringComparison.Ordinal))];

    private static Task<Reply> UploadAsync(TestClient client, string channel, int size)
    {
        var body = new MultipartFormDataContent { { new ByteArrayContent(new byte[size]), "file", "a.bin" } };
        return client.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/api/channels/{channel}/attachments") { Content = body });
    }

    /// <summary>Hashes nothing until it is let.</summary>
    private sealed class HeldHasher : IPasswordHasher<User>, IDisposable
    {
        private readonly ManualResetEventSlim _open = new();

        public void Open() => _open.Set();

        public void Dispose() => _open.Dispose();

        public string HashPassword(User user, string password)
        {
            _open.Wait(TimeSpan.FromMinutes(1));
            return "hash";
        }

        public PasswordVerificationResult VerifyHashedPassword(User user, string hashedPassword, string providedPassword) => PasswordVerificationResult.Failed;
    }
}
