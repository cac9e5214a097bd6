using System.Text.Json;
using Messaging.Realtime;
using Microsoft.Extensions.Logging;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>Publication follows the commit: it may come late, and it always comes.</summary>
public abstract class OutboxTests(string database) : IAsyncLifetime
{
    private AppHome _home = null!;

    public async ValueTask InitializeAsync() => _home = await AppHome.CreateAsync(database);

    public async ValueTask DisposeAsync()
    {
        await _home.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Events_of_a_channel_are_published_in_the_order_of_its_sequence()
    {
        var publisher = new RecordingPublisher();
        await using var app = await StartAsync(publisher);
        using var author = await app.NewUserAsync();
        using var member = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        await member.JoinAsync(id);

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? author : member).SayAsync(id, $"m{i}")));
        await publisher.WhenAsync(static events => events.Count(IsMessage) == 40).Within();

        publisher.Events.Where(IsMessage).Select(Sequence).ShouldBe(Enumerable.Range(1, 40).Select(static i => (long)i));
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task A_crash_between_commit_and_publication_delays_the_event_and_never_loses_it()
    {
        var stuck = new RecordingPublisher { Before = static (_, cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken) };
        string id;
        Reply sent;
        await using (var app = await StartAsync(stuck))
        {
            using var author = await app.NewUserAsync();
            id = await author.CreateChannelAsync();
            sent = (await author.SayAsync(id, "committed")).ShouldHaveStatus(201);
        }

        stuck.Events.ShouldBeEmpty();
        var publisher = new RecordingPublisher();
        await using var again = await StartAsync(publisher);
        await publisher.WhenAsync(static events => events.Any(IsMessage)).Within();

        var published = publisher.Events.Where(IsMessage).ShouldHaveSingleItem();
        published.Topic.ShouldBe($"channel:{id}");
        published.Data.ShouldBe(sent.Text);
    }

    [Fact]
    public async Task A_crash_between_publication_and_removal_repeats_the_event_under_the_same_id()
    {
        var first = new RecordingPublisher();
        string row;
        await using (var app = await StartAsync(first))
        {
            using var author = await app.NewUserAsync();
            await author.CreateChannelAsync();
            await first.WhenAsync(static events => events.Count == 1).Within();
            row = $"{first.Events[0].Id}, '{first.Events[0].Topic}', '{first.Events[0].EventType}', '{first.Events[0].Data}', 0";

            // An application that stops at once may leave the row itself, and this one is to be written below.
            await app.PublishedAsync();
        }

        var second = new RecordingPublisher();
        await using (var unused = await _home.StartAsync(configure: builder => Replace.Service<IEventPublisher>(builder, second)))
        {
            // The row as it lies there when the process dies before it is removed.
            await Stored.RunAsync(unused, $"INSERT INTO outbox (id, topic, event_type, data, created_at) {(database == AppHome.PostgreSql ? "OVERRIDING SYSTEM VALUE " : string.Empty)}VALUES ({row})");
            await second.WhenAsync(static events => events.Count == 1).Within();
        }

        second.Events[0].Id.ShouldBe(first.Events[0].Id);
    }

    [Fact]
    public async Task While_events_cannot_be_published_nothing_overtakes_and_the_log_says_so_once()
    {
        var failing = true;
        var publisher = new RecordingPublisher
        {
            Before = (_, _) => Volatile.Read(ref failing) ? throw new InvalidOperationException("no streams") : Task.CompletedTask,
        };
        await using var app = await StartAsync(publisher);
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        await author.SayAsync(id, "one");
        await app.Logs.WhenAsync(9101).Within();
        await author.SayAsync(id, "two");
        publisher.Events.ShouldBeEmpty();

        Volatile.Write(ref failing, false);
        await author.SayAsync(id, "three");
        await publisher.WhenAsync(static events => events.Count(IsMessage) == 3).Within();
        await app.Logs.WhenAsync(9102).Within();

        publisher.Events.Where(IsMessage).Select(Sequence).ShouldBe([1L, 2L, 3L]);
        app.Logs.Of(9101).ShouldHaveSingleItem().Level.ShouldBe(LogLevel.Warning);
        app.Logs.AtLeast(LogLevel.Error).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_event_that_can_never_be_published_does_not_hold_up_the_others()
    {
        var publisher = new RecordingPublisher
        {
            Before = static (row, _) => IsMessage(row) && Sequence(row) == 1 ? throw new ArgumentException("too large") : Task.CompletedTask,
        };
        await using var app = await StartAsync(publisher);
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        await author.SayAsync(id, "refused");
        await author.SayAsync(id, "fine");

        await publisher.WhenAsync(static events => events.Any(IsMessage)).Within();

        publisher.Events.Where(IsMessage).Select(Sequence).ShouldBe([2L]);
        app.Logs.Of(9103).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_change_that_was_refused_tells_nobody_anything()
    {
        var publisher = new RecordingPublisher();
        await using var app = await StartAsync(publisher);
        using var owner = await app.NewUserAsync();
        using var stranger = await app.NewUserAsync();
        var id = await owner.CreateChannelAsync();

        (await stranger.SayAsync(id, "no")).ShouldBeRefused(403);
        (await owner.DeleteAsync($"/api/channels/{id}/members/me")).ShouldBeRefused(409);
        (await owner.SayAsync(id, "yes", "c")).ShouldHaveStatus(201);
        (await owner.SayAsync(id, "yes", "c")).ShouldHaveStatus(200);
        (await owner.SayAsync(id, "last")).ShouldHaveStatus(201);
        await publisher.WhenAsync(static events => events.Count(IsMessage) == 2).Within();

        publisher.Events.Select(static row => row.EventType).ShouldBe(["membership", "message", "message"]);
    }

    private Task<TestApp> StartAsync(IEventPublisher publisher) =>
        _home.StartAsync(configure: builder => Replace.Service(builder, publisher));

    private static bool IsMessage(OutboxEvent row) => row.EventType == "message";

    private static long Sequence(OutboxEvent row) => JsonDocument.Parse(row.Data).RootElement.GetProperty("sequence").GetInt64();
}

public sealed class SqliteOutboxTests() : OutboxTests(AppHome.Sqlite);

public sealed class PostgreSqlOutboxTests() : OutboxTests(AppHome.PostgreSql);
