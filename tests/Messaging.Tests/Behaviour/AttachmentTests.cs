using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Storage;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

public abstract class AttachmentTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    private static readonly byte[] Png = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3, 4];

    [Fact]
    public async Task A_file_is_uploaded_listed_downloaded_and_deleted_and_the_channel_is_told()
    {
        using var user = await App.NewUserAsync();
        var channel = await user.CreateChannelAsync();
        await using var events = await EventStream.OpenAsync(user, channel);

        var added = (await UploadAsync(user, channel, "cat.png", Png, "text/html")).ShouldHaveStatus(201);

        added["state"].ShouldBe("ready");
        added["contentType"].ShouldBe("image/png");
        added.Json.GetProperty("size").GetInt64().ShouldBe(Png.Length);
        (await events.WhenAsync("attachment.added")).GetRawText().ShouldBe(added.Text);
        (await user.GetAsync($"/api/channels/{channel}/attachments")).Items.ShouldHaveSingleItem().GetRawText().ShouldBe(added.Text);
        using (var download = await user.Http.GetAsync($"/api/attachments/{added["id"]}"))
        {
            (await download.Content.ReadAsByteArrayAsync()).ShouldBe(Png);
            download.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
            download.Content.Headers.ContentDisposition.FileName.ShouldBe("cat.png");
            download.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        }

        (await user.DeleteAsync($"/api/attachments/{added["id"]}")).ShouldHaveStatus(204);
        (await events.WhenAsync("attachment.deleted")).GetProperty("id").GetString().ShouldBe(added["id"]);
        (await user.GetAsync($"/api/attachments/{added["id"]}")).ShouldBeRefused(404);
        (await user.GetAsync($"/api/channels/{channel}/attachments")).Items.ShouldBeEmpty();
        (await user.DeleteAsync($"/api/attachments/{added["id"]}")).ShouldHaveStatus(204);
    }

    [Fact]
    public async Task A_file_is_deleted_by_its_uploader_or_an_owner_of_the_channel_and_by_nobody_else()
    {
        using var owner = await App.NewUserAsync();
        using var uploader = await App.NewUserAsync();
        using var member = await App.NewUserAsync();
        using var stranger = await App.NewUserAsync();
        var channel = await owner.CreateChannelAsync();
        await uploader.JoinAsync(channel);
        await member.JoinAsync(channel);
        var first = (await UploadAsync(uploader, channel, "a.txt", [1])).ShouldHaveStatus(201)["id"];
        var second = (await UploadAsync(uploader, channel, "b.txt", [2])).ShouldHaveStatus(201)["id"];

        (await member.DeleteAsync($"/api/attachments/{first}")).ShouldBeRefused(404);
        (await stranger.DeleteAsync($"/api/attachments/{first}")).ShouldBeRefused(404);
        (await stranger.GetAsync($"/api/attachments/{first}")).ShouldBeRefused(404);
        (await UploadAsync(stranger, channel, "c.txt", [3])).ShouldBeRefused(403);
        (await uploader.DeleteAsync($"/api/attachments/{first}")).ShouldHaveStatus(204);
        (await owner.DeleteAsync($"/api/attachments/{second}")).ShouldHaveStatus(204);
    }

    [Fact]
    public async Task A_file_that_is_too_large_or_no_file_is_refused_and_leaves_nothing()
    {
        using var user = await App.NewUserAsync();
        var channel = await user.CreateChannelAsync();
        var files = App.Services.GetRequiredService<IDeletableStore>();
        var before = await files.ListAsync(default).CountAsync();

        (await UploadAsync(user, channel, "big.bin", new byte[(25 * 1024 * 1024) + 1])).ShouldBeRefused(413);
        (await user.PostAsync($"/api/channels/{channel}/attachments", new { file = "x" })).ShouldNameField("file", "multipart");
        (await user.DeleteAsync("/api/attachments/nonsense")).ShouldBeRefused(404);

        (await files.ListAsync(default).CountAsync()).ShouldBe(before);
        (await Stored.TextsAsync(App, "SELECT id FROM resilience_file_upload")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_name_is_for_people_and_never_a_path()
    {
        using var user = await App.NewUserAsync();
        var channel = await user.CreateChannelAsync();

        (await UploadAsync(user, channel, "../../etc/passwd", [1])).ShouldHaveStatus(201)["name"].ShouldBe("passwd");
        (await UploadAsync(user, channel, "..\\..\\evil\u202egnp.exe", [1])).ShouldHaveStatus(201)["name"].ShouldBe("evilgnp.exe");
        (await Stored.TextsAsync(App, "SELECT path FROM attachments")).ShouldAllBe(path => StoragePath.IsValid(path) && path.EndsWith(".bin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hundred_operations_at_once_leave_records_and_files_the_same_set()
    {
        using var user = await App.NewUserAsync();
        var channel = await user.CreateChannelAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 30).Select(async i => (await UploadAsync(user, channel, $"f{i}", [(byte)i])).ShouldHaveStatus(201)["id"]));

        var uploads = Enumerable.Range(0, 30).Select(i => UploadAsync(user, channel, $"g{i}", [(byte)i]));
        var downloads = ids.Select(id => user.GetAsync($"/api/attachments/{id}"));
        var deletions = ids.Concat(ids.Take(10)).Select(id => user.DeleteAsync($"/api/attachments/{id}"));
        var replies = await Task.WhenAll([.. uploads, .. downloads, .. deletions]).Within();

        replies.ShouldAllBe(reply => reply.Status == 200 || reply.Status == 201 || reply.Status == 202 || reply.Status == 204 || reply.Status == 404);

        // A deletion that was answered with 202 goes on behind its answer.
        await Watchdog.UntilAsync(async () => (await user.GetAsync($"/api/channels/{channel}/attachments?limit=200")).Items.Length == 30);
        var files = await App.Services.GetRequiredService<IDeletableStore>().ListAsync(default).ToListAsync();
        files.Order().ShouldBe((await Stored.TextsAsync(App, "SELECT path FROM attachments")).Order());
    }

    [Fact]
    public async Task Operators_read_the_trail_and_sweep_and_others_do_not()
    {
        using var user = await App.NewUserAsync();
        (await user.GetAsync("/ops/audit")).Status.ShouldBeOneOf(200, 403);
        (await App.NewClient().GetAsync("/ops/audit")).ShouldBeRefused(401);
        (await App.NewClient().PostAsync("/ops/sweep", new { dryRun = true })).ShouldBeRefused(401);
    }

    internal static Task<Reply> UploadAsync(TestClient client, string channel, string name, byte[] content, string type = "application/octet-stream")
    {
        var file = new ByteArrayContent(content);
        file.Headers.ContentType = new MediaTypeHeaderValue(type);
        file.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"file\"; filename*=UTF-8''{Uri.EscapeDataString(name)}");
        var body = new MultipartFormDataContent("boundary-of-the-test") { file };
        return client.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/api/channels/{channel}/attachments") { Content = body });
    }
}

public sealed class SqliteAttachmentTests(SqliteMessaging fixture) : AttachmentTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlAttachmentTests(PostgreSqlMessaging fixture) : AttachmentTests(fixture), IClassFixture<PostgreSqlMessaging>;

/// <summary>What the first user, who is the operator, sees.</summary>
public sealed class AttachmentOperatorTests
{
    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task The_operator_reads_the_trail_and_sweeps(string database)
    {
        await using var home = await AppHome.CreateAsync(database);
        await using var app = await home.StartAsync();
        using var operatorClient = await app.NewUserAsync();
        using var user = await app.NewUserAsync();
        Directory.CreateDirectory(Path.Combine(home.Folder, "attachments", "ab"));
        await File.WriteAllTextAsync(Path.Combine(home.Folder, "attachments", "ab", "orphan.bin"), "orphan", Encoding.UTF8);

        (await user.PostAsync("/ops/sweep", new { dryRun = true })).ShouldBeRefused(403);
        (await user.GetAsync("/ops/audit")).ShouldBeRefused(403);
        var sweep = await operatorClient.PostAsync("/ops/sweep", new { dryRun = true });
        // The sweeper's own first run may be at work: one runs at a time.
        await Watchdog.UntilAsync(async () => sweep.Status != 409 || (sweep = await operatorClient.PostAsync("/ops/sweep", new { dryRun = true })).Status != 409);

        sweep.ShouldHaveStatus(200)["reason"].ShouldBe("no_records");
        File.Exists(Path.Combine(home.Folder, "attachments", "ab", "orphan.bin")).ShouldBeTrue();
        (await operatorClient.GetAsync("/ops/audit")).Items.Select(static e => e.GetProperty("result").GetString()).ShouldContain("SweepAborted");

        // With a record the picture is plausible, and what nobody knows of is set aside.
        var channel = await operatorClient.CreateChannelAsync();
        var kept = (await AttachmentTests.UploadAsync(operatorClient, channel, "kept.txt", [1])).ShouldHaveStatus(201)["id"];
        await Watchdog.UntilAsync(async () => (sweep = await operatorClient.PostAsync("/ops/sweep", new { dryRun = false })).Status != 409);
        sweep.ShouldHaveStatus(200)["outcome"].ShouldBe("Completed");
        File.Exists(Path.Combine(home.Folder, "attachments", "ab", "orphan.bin")).ShouldBeFalse();
        (await operatorClient.GetAsync($"/api/attachments/{kept}")).ShouldHaveStatus(200);
        (await operatorClient.GetAsync("/ops/audit")).Items.Select(static e => e.GetProperty("result").GetString()).ShouldContain("OrphanQuarantined");
        (await operatorClient.GetAsync("/health")).Json.GetProperty("checks").TryGetProperty("attachments", out _).ShouldBeTrue();
    }
}
