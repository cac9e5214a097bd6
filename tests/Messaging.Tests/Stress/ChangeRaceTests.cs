using System.Security.Cryptography;
using System.Text.Json;
using Messaging.Realtime;
using Resilience.TestKit;

namespace Messaging.Tests.Stress;

/// <summary>
/// Edits, deletions, roles and bans at once, over HTTP. Every change writes its event while it holds the channel's row, so the outbox shows the order of the
/// commits: the changes are played again in this order, and each must have been allowed at its moment.
/// </summary>
public sealed class ChangeRaceTests
{
    private const int Rounds = 40;
    private const int Operations = 14;
    private const int People = 5;

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task Nothing_is_changed_over_HTTP_by_someone_without_the_right_at_that_moment(string database)
    {
        var seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        var random = new Random(seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        await using var place = await AppHome.CreateAsync(database);
        var publisher = new RecordingPublisher();
        await using var app = await place.StartAsync(configure: builder => Replace.Service<IEventPublisher>(builder, publisher));
        var people = await Task.WhenAll(Enumerable.Range(0, People).Select(_ => app.NewUserAsync()));
        var applied = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var race = await ChannelRace.PrepareAsync(people);
            var operations = Enumerable.Range(0, Operations).Select(_ => race.Draw(random)).ToList();

            await Task.WhenAll(operations.Select(static operation => operation.RunAsync()));

            // A message that everybody waits for: all that was committed before it is published before it.
            await race.CloseAsync();
            await publisher.WhenAsync(events => events.Any(race.IsLast)).Within();
            race.Check(publisher.Events, operations);
            await race.CheckStoredAsync(app);
            applied += operations.Count(static operation => operation.Applied);
        }

        // The schedules were no empty ones: many operations were applied, and many refused.
        applied.ShouldBeInRange(Rounds * Operations / 10, Rounds * Operations * 9 / 10);
        app.ShouldHaveLoggedNoProblem();
        Array.ForEach(people, static person => person.Dispose());
    }
}

/// <summary>One operation of somebody on something.</summary>
internal sealed class RaceOperation(TestClient actor, string kind, string target, Func<Task<Reply>> run)
{
    internal string Actor => actor.UserId;

    /// <summary>edit and delete with a message; role:x, ban, remove with a user.</summary>
    internal string Kind => kind;

    internal string Target => target;

    internal bool Applied { get; private set; }

    internal async Task RunAsync()
    {
        var reply = await run();
        reply.Status.ShouldBeOneOf(200, 201, 204, 403, 404, 409);
        Applied = reply.Status < 300;
    }
}

/// <summary>One channel, whose people do everything at once.</summary>
internal sealed class ChannelRace
{
    private static readonly string[] Roles = ["owner", "moderator", "member"];

    private readonly TestClient[] _people;
    private readonly string _channel;
    private readonly Dictionary<string, string> _authors = [];
    private readonly Dictionary<string, string> _roles = [];
    private readonly string _last = Names.Next("last");

    private ChannelRace(TestClient[] people, string channel)
    {
        _people = people;
        _channel = channel;
    }

    /// <summary>Two owners, a moderator, two members; each has written two messages.</summary>
    internal static async Task<ChannelRace> PrepareAsync(TestClient[] people)
    {
        var race = new ChannelRace(people, await people[0].CreateChannelAsync());
        string[] roles = ["owner", "owner", "moderator", "member", "member"];
        for (var i = 0; i < people.Length; i++)
        {
            if (i > 0)
            {
                await people[i].JoinAsync(race._channel);
                (await people[0].PutAsync($"/api/channels/{race._channel}/roles/{people[i].UserId}", new { role = roles[i] })).ShouldHaveStatus(204);
            }

            race._roles[people[i].UserId] = roles[i];
            for (var message = 0; message < 2; message++)
            {
                race._authors[(await people[i].SayAsync(race._channel, "before")).ShouldHaveStatus(201)["id"]] = people[i].UserId;
            }
        }

        return race;
    }

    internal RaceOperation Draw(Random random)
    {
        var actor = _people[random.Next(_people.Length)];
        var user = _people[random.Next(_people.Length)].UserId;
        var message = _authors.Keys.ElementAt(random.Next(_authors.Count));
        var role = Roles[random.Next(Roles.Length)];
        var path = $"/api/channels/{_channel}";
        return random.Next(10) switch
        {
            < 3 => new RaceOperation(actor, "edit", message, () => actor.SendAsync(HttpMethod.Patch, $"/api/messages/{message}", new { text = $"by {actor.UserId}" })),
            < 5 => new RaceOperation(actor, "delete", message, () => actor.DeleteAsync($"/api/messages/{message}")),
            < 7 => new RaceOperation(actor, $"role:{role}", user, () => actor.PutAsync($"{path}/roles/{user}", new { role })),
            7 => new RaceOperation(actor, "ban", user, () => actor.PutAsync($"{path}/bans/{user}")),
            8 => new RaceOperation(actor, "remove", user, () => actor.DeleteAsync($"{path}/members/{user}")),
            _ => new RaceOperation(actor, "remove", actor.UserId, () => actor.DeleteAsync($"{path}/members/me")),
        };
    }

    /// <summary>There is an owner at the end, whoever it is; the owner's message is the last event.</summary>
    internal async Task CloseAsync()
    {
        foreach (var person in _people)
        {
            if ((await person.SayAsync(_channel, _last)).Status == 201)
            {
                return;
            }
        }

        throw new InvalidOperationException("Nobody is left in the channel.");
    }

    internal bool IsLast(OutboxEvent row) => row.EventType == "message" && row.Data.Contains(_last, StringComparison.Ordinal);

    /// <summary>Plays the events again, in the order of the commits, and checks the right of each.</summary>
    internal void Check(IReadOnlyList<OutboxEvent> published, IReadOnlyList<RaceOperation> operations)
    {
        var applied = operations.Where(static operation => operation.Applied).ToList();
        var events = published.OrderBy(static row => row.Id)
            .Select(static row => (row.Topic, row.EventType, Data: JsonDocument.Parse(row.Data).RootElement))
            .Where(row => row.Data.TryGetProperty("channelId", out var id) && id.GetString() == _channel)
            .SkipWhile(row => row.EventType != "message").ToList();

        // What prepared the channel came before the last of the first messages.
        var start = events.FindLastIndex(row => row.EventType == "message" && row.Data.GetProperty("text").GetString() == "before");
        foreach (var (topic, type, data) in events.Skip(start + 1))
        {
            switch (type)
            {
                case "message.edited":
                    var edited = data.GetProperty("id").GetString()!;
                    ShouldBeMember(_authors[edited], "edited a message");
                    data.GetProperty("text").GetString().ShouldBe($"by {_authors[edited]}");
                    break;
                case "message.deleted":
                    var deleted = data.GetProperty("id").GetString()!;
                    var deleter = applied.Single(operation => operation.Kind == "delete" && operation.Target == deleted).Actor;
                    ShouldBeMember(deleter, "deleted a message");
                    (_authors[deleted] == deleter || Moderates(deleter)).ShouldBeTrue($"{deleter} ({_roles[deleter]}) deleted a message of {_authors[deleted]}");
                    _authors.Remove(deleted);
                    break;
                case "membership":
                    CheckMembership(topic["user:".Length..], data, applied);
                    break;
            }

            _roles.Values.ShouldContain("owner", "the channel lost its last owner");
        }
    }

    /// <summary>What is stored is what the changes made, and nothing else.</summary>
    internal async Task CheckStoredAsync(TestApp app)
    {
        var roles = await Stored.TextsAsync(app, $"SELECT user_id || ' ' || role FROM members WHERE channel_id = {_channel} ORDER BY user_id");
        roles.ShouldBe(_roles.Select(static pair => $"{pair.Key} {pair.Value}"), ignoreOrder: true);
        var live = await Stored.TextsAsync(app, $"SELECT id FROM messages WHERE channel_id = {_channel} AND deleted_at IS NULL AND text <> '{_last}'");
        live.ShouldBe(_authors.Keys, ignoreOrder: true);
    }

    private void CheckMembership(string user, JsonElement change, List<RaceOperation> applied)
    {
        var role = change.GetProperty("role").GetString();
        var able = applied.Where(operation => operation.Target == user && _roles.ContainsKey(operation.Actor) && (role is null
            ? (operation.Kind == "remove" && (operation.Actor == user || _roles[operation.Actor] == "owner"))
                || (operation.Kind == "ban" && (_roles[operation.Actor] == "owner" || (Moderates(operation.Actor) && _roles[user] == "member")))
            : operation.Kind == $"role:{role}" && _roles[operation.Actor] == "owner"));
        able.ShouldNotBeEmpty($"nobody who asked for it had the right to make {user} ({_roles[user]}) {role ?? "leave"}");
        if (role is null)
        {
            _roles.Remove(user);
        }
        else
        {
            _roles[user] = role;
        }
    }

    private bool Moderates(string user) => _roles[user] is "owner" or "moderator";

    private void ShouldBeMember(string user, string what) => _roles.ShouldContainKey(user, $"{user} {what} and was no member");
}
