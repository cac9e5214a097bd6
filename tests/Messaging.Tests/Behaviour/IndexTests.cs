using System.Data.Common;
using System.Text;
using Messaging.Channels;
using Messaging.Database;
using Messaging.Scheduling;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Resilience.Data;
using Resilience.Data.Testing;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>Every statement of a request seeks in an index, and every index of the application is used.</summary>
public sealed class IndexTests
{
    /// <summary>Parts of statements, and the index each has to seek in.</summary>
    private static readonly (string Part, string Index)[] Hot =
    [
        ("WHERE s.token_hash", "sessions_by_token"),
        ("AS open_to_all", "channels_by_visibility"),
        ("AS open_to_all", "members_by_user"),
        ("m.sequence > @After", "messages_by_sequence"),
        ("m.client_id = @clientId", "messages_by_client_id"),
        ("AND role = @role ORDER BY user_id", "members_by_role"),
        ("(SELECT COUNT(*) FROM members o", "messages_by_sequence"),
        ("a.channel_id = @channelId AND a.id > @After", "attachments_by_channel"),
        ("WHERE name_key", "users_by_name"),
        ("s.client_id = @clientId", "scheduled_messages_by_client_id"),
        ("s.author_id = @userId AND", "scheduled_messages_by_author"),
        ("due_at <= @until", "scheduled_messages_by_due"),
    ];

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task Every_statement_of_a_request_seeks_in_an_index(string database)
    {
        await using var place = await AppHome.CreateAsync(database);
        var recorder = new QueryRecorder();
        await using var app = await StartAsync(place, recorder);

        var queries = await LoadAsync(app, recorder);

        var source = app.Services.GetRequiredService<DbDataSource>();
        var problems = new List<string>();
        foreach (var query in queries.DistinctBy(static query => query.Text).Where(LooksForRows))
        {
            try
            {
                await IndexAssert.CanUseAsync(source, query);
            }
            catch (DataAssertException exception)
            {
                problems.Add(exception.Message);
            }
        }

        problems.ShouldBeEmpty();
        queries.ShouldContain(static query => query.Text.Contains("; SELECT", StringComparison.Ordinal) || query.Text.Contains(";SELECT", StringComparison.Ordinal), "the locks of a plan");
        foreach (var (part, index) in Hot)
        {
            var query = queries.FirstOrDefault(query => query.Text.Contains(part, StringComparison.Ordinal)).ShouldNotBeNull($"no statement has {part}");
            await IndexAssert.CanUseAsync(source, query, index);
        }
    }

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public Task No_index_is_unused_after_the_test_load(string database) => AfterLoadUnusedAreAsync(database, null, []);

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public Task An_index_that_nothing_uses_is_found(string database) =>
        AfterLoadUnusedAreAsync(database, "CREATE INDEX messages_by_text ON messages (text)", ["messages_by_text"]);

    private static async Task AfterLoadUnusedAreAsync(string database, string? change, string[] unused)
    {
        await using var place = await AppHome.CreateAsync(database);
        var recorder = new QueryRecorder();
        IReadOnlyList<CapturedQuery> queries;
        await using (var app = await StartAsync(place, recorder))
        {
            if (change is not null)
            {
                await Stored.RunAsync(app, change);
            }

            queries = await LoadAsync(app, recorder);
            if (database == AppHome.Sqlite)
            {
                (await UnusedAsync(app.Services.GetRequiredService<DbDataSource>(), queries)).ShouldBe(unused);
                return;
            }
        }

        // PostgreSQL writes down what a connection used when it ends, a moment later.
        await using var source = NpgsqlDataSource.Create(place.ConnectionString);
        await Watchdog.UntilAsync(async () => (await UnusedAsync(source, queries)).SequenceEqual(unused));
    }

    private static Task<TestApp> StartAsync(AppHome place, QueryRecorder recorder) =>
        place.StartAsync(configure: builder => builder.Services.AddSingleton<IStartupFilter>(recorder));

    /// <summary>Every statement that names a table to read. The locks of a plan are several statements in one text, each with a plan of its own.</summary>
    private static bool LooksForRows(CapturedQuery query) =>
        Array.Exists(["FROM ", "WHERE ", "UPDATE "], word => query.Text.Contains(word, StringComparison.Ordinal));

    /// <summary>The application's own; the tables of the library are its own to answer for.</summary>
    private static async Task<string[]> UnusedAsync(DbDataSource source, IReadOnlyList<CapturedQuery> queries)
    {
        var report = await IndexAssert.FindUnusedAsync(source, queries, new UnusedIndexOptions { MinimumAge = TimeSpan.Zero });
        report.IsConclusive.ShouldBeTrue(report.Note);
        return [.. report.Unused.Where(static index => !index.Table.StartsWith("resilience_", StringComparison.Ordinal)).Select(static index => index.Name)];
    }

    /// <summary>Every route that reads or writes, over data in which an index is worth its while.</summary>
    private static async Task<IReadOnlyList<CapturedQuery>> LoadAsync(TestApp app, QueryRecorder recorder)
    {
        using var owner = await app.NewUserAsync();
        using var member = await app.NewUserAsync();
        await Seed.UsersAsync(app, 18);
        await Seed.ChannelsAsync(app, 500, messages: 20);
        await Seed.HiddenChannelsAsync(app, 3_000);
        await Seed.UsersAsync(app, 20_000);

        // A member and an author among the last users, or a merge from the first user on would be the cheapest way to their names.
        await Stored.RunAsync(app, "INSERT INTO members (channel_id, user_id, role, read_sequence, joined_at) SELECT c.id, (SELECT MAX(id) FROM users), 'member', 0, 0 FROM channels c WHERE c.private = 0");
        await Stored.RunAsync(app, "UPDATE messages SET author_id = (SELECT MAX(id) FROM users) WHERE sequence = 20");
        await Seed.ScheduledAsync(app, 2_000);
        await Stored.RunAsync(app, "ANALYZE");
        const string Id = "77";
        var path = $"/api/channels/{Id}";

        (await owner.GetAsync("/api/session")).ShouldHaveStatus(200);
        (await owner.GetAsync($"/api/users?name={member.Name}")).ShouldHaveStatus(200);
        (await member.GetAsync("/api/channels?after=20&limit=20")).ShouldHaveStatus(200);
        (await member.GetAsync($"{path}/messages?after=3&limit=5")).ShouldHaveStatus(200);
        (await member.GetAsync($"{path}/members")).ShouldHaveStatus(200);
        (await owner.GetAsync($"{path}/bans")).ShouldHaveStatus(200);
        var later = (await member.PostAsync($"{path}/messages", new { text = "later", clientId = "c-2", delaySeconds = 600 })).ShouldHaveStatus(202)["id"];
        (await member.GetAsync("/api/scheduled")).ShouldHaveStatus(200);
        (await member.DeleteAsync($"/api/scheduled/{later}")).ShouldHaveStatus(204);
        await (await EventStream.OpenAsync(member, Id)).DisposeAsync();
        (await member.SayAsync(Id, "hello", "c-1")).ShouldHaveStatus(201);
        var message = (await member.SayAsync(Id, "hello", "c-1")).ShouldHaveStatus(200)["id"];
        (await member.PutAsync($"{path}/read", new { sequence = 5 })).ShouldHaveStatus(204);
        (await member.SendAsync(HttpMethod.Patch, $"/api/messages/{message}", new { text = "edited" })).ShouldHaveStatus(200);
        using (var form = new MultipartFormDataContent { { new ByteArrayContent(Encoding.UTF8.GetBytes("file")), "file", "a.txt" } })
        {
            using var upload = new HttpRequestMessage(HttpMethod.Post, $"{path}/attachments") { Content = form };
            var attachment = (await member.SendAsync(upload)).ShouldHaveStatus(201)["id"];
            (await member.GetAsync($"{path}/attachments")).ShouldHaveStatus(200);
            (await member.GetAsync($"/api/attachments/{attachment}")).ShouldHaveStatus(200);
            (await member.DeleteAsync($"/api/attachments/{attachment}")).ShouldHaveStatus(204);
        }

        (await owner.PutAsync($"{path}/roles/{member.UserId}", new { role = "moderator" })).ShouldHaveStatus(204);
        (await owner.PutAsync($"{path}/roles/{member.UserId}", new { role = "member" })).ShouldHaveStatus(204);
        (await owner.DeleteAsync($"/api/messages/{message}")).ShouldHaveStatus(204);
        (await owner.PutAsync($"{path}/bans/{member.UserId}")).ShouldHaveStatus(204);
        (await member.PostAsync($"{path}/members")).ShouldBeRefused(403);
        (await owner.DeleteAsync($"{path}/bans/{member.UserId}")).ShouldHaveStatus(204);
        (await member.PostAsync($"{path}/members")).ShouldHaveStatus(204);
        (await member.DeleteAsync($"{path}/members/me")).ShouldHaveStatus(204);
        using (var again = await app.SignInAsync(member.Name))
        {
            (await again.DeleteAsync("/api/session")).ShouldHaveStatus(204);
        }

        return [.. recorder.Queries, .. await BackgroundAsync(app)];
    }

    /// <summary>What runs in a batch or in the background belongs to no request, so it is watched here.</summary>
    private static async Task<IReadOnlyList<CapturedQuery>> BackgroundAsync(TestApp app)
    {
        using var watch = QueryAssert.Begin(app.Services.GetRequiredService<QueryMonitor>(), "background");
        await ChannelFigures.LoadAsync(new BatchContext(app.Services, "test"), [.. Enumerable.Range(30, 20).Select(static i => (long)i)], CancellationToken.None);
        await app.Services.GetRequiredService<Db>().ReadAsync(
            static scope => scope.QueryAsync<long>(
                ScheduledRecovery.Due,
                new { state = ScheduledStates.Pending, until = long.MaxValue, afterDue = long.MinValue, afterId = 0L, PageSize = 20 }),
            CancellationToken.None);
        return watch.Exactly(2).Queries;
    }
}
