using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Data;
using Resilience.Data.Testing;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>The channel list: statements that do not grow with it, and never older than what its reader did.</summary>
public sealed class ChannelListTests
{
    // The session, and the page.
    private const int Warm = 2;

    // And what the cache has not, which is one statement in a scope of its own too.
    private const int Cold = 3;
    private const int Load = 1;

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task The_list_takes_as_many_statements_for_a_thousand_channels_as_for_ten(string database)
    {
        await using var place = await AppHome.CreateAsync(database);
        await using var app = await place.StartAsync();
        using var user = await app.NewUserAsync();
        using var metrics = Metrics(app);
        foreach (var more in new[] { 10, 990 })
        {
            await Seed.ChannelsAsync(app, more, messages: 3);
            var before = Scopes(metrics).Count;

            await AllAsync(user);

            // Page by page: the pages of ten are one, those of a thousand five.
            var pages = more == 10 ? 1 : 5;
            var scopes = Scopes(metrics).Skip(before).ToList();
            scopes.Count(static statements => statements == Cold).ShouldBe(pages);
            scopes.Count(static statements => statements == Load).ShouldBe(pages);
            scopes.Count.ShouldBe(2 * pages);
        }

        app.ShouldHaveLoggedNoProblem();
    }

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task A_thousand_channels_read_by_fifty_callers_take_constant_statements_and_give_no_error(string database)
    {
        const int Callers = 50;
        await using var place = await AppHome.CreateAsync(database);
        await using var app = await place.StartAsync();
        var users = new List<TestClient>();
        for (var i = 0; i < Callers; i++)
        {
            users.Add(await app.NewUserAsync());
        }

        await Seed.ChannelsAsync(app, 1_000, messages: 3);
        using var metrics = Metrics(app);

        // What was logged first: it says why, where an answer only says that.
        var reading = Task.WhenAll(users.Select(AllAsync));
        await Task.WhenAny(reading);
        app.ShouldHaveLoggedNoProblem();
        var lists = await reading;

        foreach (var list in lists)
        {
            list.Length.ShouldBe(1_000);
            list.ShouldAllBe(static channel => channel.GetProperty("members").GetInt32() == Callers && channel.GetProperty("lastMessage").GetProperty("sequence").GetInt64() == 3);
        }

        lists[0].ShouldAllBe(static channel => channel.GetProperty("unread").GetInt64() == 0);
        lists[1].ShouldAllBe(static channel => channel.GetProperty("unread").GetInt64() == 3);
        var scopes = Scopes(metrics);
        scopes.Count(static statements => statements is Warm or Cold).ShouldBe(Callers * 5);
        scopes.ShouldAllBe(static statements => statements == Warm || statements == Cold || statements == Load);
        app.ShouldHaveLoggedNoProblem();
        users.ForEach(static user => user.Dispose());
    }

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task What_was_read_once_is_kept_until_it_changes(string database)
    {
        // Where other nodes may write, a cache that nobody tells of it keeps nothing.
        await using var place = await AppHome.CreateAsync(database);
        await using var app = await place.StartAsync(database == AppHome.PostgreSql ? await OnRedisAsync() : [], Replace.Patience);
        using var user = await app.NewUserAsync();
        await Seed.ChannelsAsync(app, 20, messages: 2);

        // With Redis nothing is kept before the node hears of the others' changes.
        await WarmAsync(app, user);
        using var metrics = Metrics(app);

        (await user.SayAsync("7", "new")).ShouldHaveStatus(201);
        var after = Scopes(metrics).Count;
        var list = await AllAsync(user);
        Scopes(metrics).Skip(after).ShouldBe([Load, Cold], ignoreOrder: true);
        list.Single(static channel => channel.GetProperty("id").GetString() == "7").GetProperty("lastMessage").GetProperty("text").GetString().ShouldBe("new");
    }

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task The_list_is_never_older_than_what_its_reader_did(string database)
    {
        await using var place = await AppHome.CreateAsync(database);
        await using var app = await place.StartAsync();
        using var owner = await app.NewUserAsync();
        using var member = await app.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        await ShowsAsync(owner, id, members: 1, text: null);

        (await member.PostAsync($"/api/channels/{id}/members")).ShouldHaveStatus(204);
        await ShowsAsync(member, id, members: 2, text: null);
        var message = (await member.SayAsync(id, "one")).ShouldHaveStatus(201)["id"];
        await ShowsAsync(member, id, members: 2, text: "one");
        (await member.SendAsync(HttpMethod.Patch, $"/api/messages/{message}", new { text = "two" })).ShouldHaveStatus(200);
        await ShowsAsync(member, id, members: 2, text: "two");
        (await owner.DeleteAsync($"/api/messages/{message}")).ShouldHaveStatus(204);
        await ShowsAsync(owner, id, members: 2, text: null);
        (await owner.PutAsync($"/api/channels/{id}/roles/{member.UserId}", new { role = "moderator" })).ShouldHaveStatus(204);
        (await FindAsync(member, id)).GetProperty("role").GetString().ShouldBe("moderator");
        (await owner.PutAsync($"/api/channels/{id}/bans/{member.UserId}")).ShouldHaveStatus(204);
        await ShowsAsync(owner, id, members: 1, text: null);
        app.ShouldHaveLoggedNoProblem();
    }

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task Among_many_who_write_nobody_reads_a_list_older_than_the_own_message(string database)
    {
        await using var place = await AppHome.CreateAsync(database);
        await using var app = await place.StartAsync();
        using var owner = await app.NewUserAsync();
        var id = await owner.CreateChannelAsync();
        var writers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => app.NewUserAsync()));

        await Task.WhenAll(writers.Select(async writer =>
        {
            await writer.JoinAsync(id);
            for (var i = 0; i < 15; i++)
            {
                var sent = (await writer.SayAsync(id, $"{writer.UserId} {i}")).ShouldHaveStatus(201).Json.GetProperty("sequence").GetInt64();
                (await FindAsync(writer, id)).GetProperty("lastMessage").GetProperty("sequence").GetInt64().ShouldBeGreaterThanOrEqualTo(sent);
            }
        }));

        (await FindAsync(owner, id)).GetProperty("unread").GetInt64().ShouldBe(90);
        app.ShouldHaveLoggedNoProblem();
        Array.ForEach(writers, static writer => writer.Dispose());
    }

    [Fact]
    public async Task With_Redis_a_change_on_one_node_is_in_the_list_of_another()
    {
        await using var place = await AppHome.CreateAsync(AppHome.PostgreSql);
        var settings = await OnRedisAsync();
        await using var here = await place.StartAsync(settings, Replace.Patience);
        await using var there = await place.StartAsync(settings, Replace.Patience);
        using var writer = await here.NewUserAsync();
        using var reader = new TestClient(there.Url, writer.Token);
        var id = await writer.CreateChannelAsync();
        await FindAsync(reader, id);

        for (var round = 1; round <= 3; round++)
        {
            (await writer.SayAsync(id, $"round {round}")).ShouldHaveStatus(201);
            (await FindAsync(writer, id)).GetProperty("lastMessage").GetProperty("sequence").GetInt64().ShouldBe(round);
            await Watchdog.UntilAsync(async () => Sequence(await FindAsync(reader, id)) == round);
        }

        // And it is the cache that answers: once the last word of the change has come, a reading loads nothing.
        await WarmAsync(there, reader);
        Sequence(await FindAsync(reader, id)).ShouldBe(3);
        here.ShouldHaveLoggedNoProblem();
        there.ShouldHaveLoggedNoProblem();
    }

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task The_statements_of_the_list_are_those_of_the_baseline(string database)
    {
        await using var place = await AppHome.CreateAsync(database);
        await using var app = await place.StartAsync();
        using var user = await app.NewUserAsync();
        await Seed.ChannelsAsync(app, 30, messages: 2);
        using var watch = QueryAssert.Begin(app.Services.GetRequiredService<QueryMonitor>(), "channel list");
        await using var services = app.Services.CreateAsyncScope();
        await services.ServiceProvider.GetRequiredService<Channels.ChannelList>().ReadAsync(
            long.Parse(user.UserId, System.Globalization.CultureInfo.InvariantCulture), new Http.Paging(0, 20), CancellationToken.None);

        watch.Exactly(2).NoNPlusOne().NoDuplicates().MatchesBaseline(Path.Combine(Repository.Root, "tests", "Messaging.Tests", "Baselines", $"channel-list-{database}.txt"));
    }

    /// <summary>On the server that nobody takes away.</summary>
    private static async Task<string[]> OnRedisAsync() =>
        [$"--Redis:Configuration={(await RedisServer.SharedAsync()).Configuration},connectTimeout=20000", $"--Redis:KeyPrefix={RedisServer.NewPrefix()}"];

    private static MetricCollector Metrics(TestApp app) => new(app.Services.GetRequiredService<IMeterFactory>(), DataTelemetryNames.Meter);

    private static IReadOnlyList<double> Scopes(MetricCollector metrics) => metrics.Values("resilience.data.scope.queries");

    /// <summary>Reads the list until a reading loads nothing.</summary>
    private static Task WarmAsync(TestApp app, TestClient client) => Watchdog.UntilAsync(
        async () =>
        {
            using var metrics = Metrics(app);
            await AllAsync(client);
            return Scopes(metrics).SequenceEqual([Warm]);
        },
        what: "a list that is in the cache");

    private static async Task<JsonElement[]> AllAsync(TestClient client)
    {
        var items = new List<JsonElement>();
        for (string? after = "0"; after is not null;)
        {
            var page = (await client.GetAsync($"/api/channels?limit=200&after={after}")).ShouldHaveStatus(200);
            items.AddRange(page.Items);
            after = page.Json.GetProperty("next").GetString();
        }

        return [.. items];
    }

    private static async Task<JsonElement> FindAsync(TestClient client, string id) =>
        (await AllAsync(client)).Single(channel => channel.GetProperty("id").GetString() == id);

    private static long Sequence(JsonElement channel) =>
        channel.GetProperty("lastMessage") is { ValueKind: JsonValueKind.Object } last ? last.GetProperty("sequence").GetInt64() : 0;

    private static async Task ShowsAsync(TestClient client, string id, int members, string? text)
    {
        var channel = await FindAsync(client, id);
        channel.GetProperty("members").GetInt32().ShouldBe(members);
        var last = channel.GetProperty("lastMessage");
        (last.ValueKind == JsonValueKind.Null ? null : last.GetProperty("text").GetString()).ShouldBe(text);
    }
}
