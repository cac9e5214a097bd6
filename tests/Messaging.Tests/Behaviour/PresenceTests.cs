using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Messaging.Database;
using Messaging.Presence;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse;

namespace Messaging.Tests.Behaviour;

/// <summary>The members of a channel learn who comes and who goes; one who is back within three seconds never left.</summary>
public abstract class PresenceTests(string database) : IAsyncLifetime
{
    private AppHome _home = null!;
    private TestApp _app = null!;

    public async ValueTask InitializeAsync()
    {
        _home = await AppHome.CreateAsync(database);
        _app = await _home.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _app.ShouldHaveLoggedNoProblem();
        await _app.DisposeAsync();
        await _home.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Members_see_who_comes_and_who_goes()
    {
        using var ann = await _app.NewUserAsync();
        using var ben = await _app.NewUserAsync();
        var id = await ann.CreateChannelAsync();
        await ben.JoinAsync(id);
        await using var stream = await EventStream.OpenAsync(ann, id);
        await stream.WhenAsync("presence");

        var second = await EventStream.OpenAsync(ben, id);
        var came = await stream.WhenAsync("presence", 2);
        came.GetProperty("channelId").GetString().ShouldBe(id);
        came.GetProperty("user").GetProperty("id").GetString().ShouldBe(ben.UserId);
        came.GetProperty("user").GetProperty("name").GetString().ShouldBe(ben.Name);
        came.GetProperty("online").GetBoolean().ShouldBeTrue();

        // A second stream of the same user changes nothing, and neither does its end.
        await (await EventStream.OpenAsync(ben, id)).DisposeAsync();
        await second.DisposeAsync();

        var went = await stream.WhenAsync("presence", 3);
        went.GetProperty("user").GetProperty("id").GetString().ShouldBe(ben.UserId);
        went.GetProperty("online").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task One_who_comes_back_at_once_never_left()
    {
        // Long enough to come back on the slowest machine; the default of 3 s is tested with a clock of its own.
        await using var home = await AppHome.CreateAsync(database);
        await using var app = await home.StartAsync(["--Presence:LeaveDelay=00:01:00"]);
        using var ann = await app.NewUserAsync();
        using var ben = await app.NewUserAsync();
        var id = await ann.CreateChannelAsync();
        await ben.JoinAsync(id);
        await using var stream = await EventStream.OpenAsync(ann, id);
        var first = await EventStream.OpenAsync(ben, id);
        await stream.WhenAsync("presence", 2);

        await first.DisposeAsync();
        await using var again = await EventStream.OpenAsync(ben, id);
        using var cleo = await app.NewUserAsync();
        await cleo.JoinAsync(id);
        await using var third = await EventStream.OpenAsync(cleo, id);

        // What comes next is of somebody else: nothing was told of Ben.
        (await stream.WhenAsync("presence", 3)).GetProperty("user").GetProperty("id").GetString().ShouldBe(cleo.UserId);
        app.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task One_who_comes_later_can_read_who_is_there()
    {
        using var ann = await _app.NewUserAsync();
        using var ben = await _app.NewUserAsync();
        using var stranger = await _app.NewUserAsync();
        var id = await ann.CreateChannelAsync();
        await ben.JoinAsync(id);
        (await OnlineAsync(ann, id)).ShouldBeEmpty();
        await using var stream = await EventStream.OpenAsync(ann, id);
        await stream.WhenAsync("presence");
        (await OnlineAsync(ben, id)).ShouldBe([ann.UserId]);

        var second = await EventStream.OpenAsync(ben, id);
        await stream.WhenAsync("presence", 2);
        (await OnlineAsync(ben, id)).ShouldBe([ann.UserId, ben.UserId]);

        var page = (await ben.GetAsync($"/api/channels/{id}/presence?limit=1")).ShouldHaveStatus(200).Json;
        page.GetProperty("items")[0].GetProperty("user").GetProperty("name").GetString().ShouldBe(ann.Name);
        page.GetProperty("next").GetString().ShouldBe(ann.UserId);
        (await OnlineAsync(ben, id, $"?after={ann.UserId}")).ShouldBe([ben.UserId]);
        (await stranger.GetAsync($"/api/channels/{id}/presence")).ShouldHaveStatus(403);
        (await ann.GetAsync("/api/channels/x/presence")).ShouldHaveStatus(404);

        await second.DisposeAsync();
        await stream.WhenAsync("presence", 3);
        (await OnlineAsync(ann, id)).ShouldBe([ann.UserId]);
    }

    [Fact]
    public async Task One_who_leaves_the_channel_goes_at_once()
    {
        using var ann = await _app.NewUserAsync();
        using var ben = await _app.NewUserAsync();
        var id = await ann.CreateChannelAsync();
        await ben.JoinAsync(id);
        await using var stream = await EventStream.OpenAsync(ann, id);
        await using var open = await EventStream.OpenAsync(ben, id);
        await stream.WhenAsync("presence", 2);

        (await ben.DeleteAsync($"/api/channels/{id}/members/me")).ShouldHaveStatus(204);

        (await stream.WhenAsync("presence", 3)).GetProperty("online").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task A_stream_that_is_told_of_after_its_user_has_left_shows_nobody_online()
    {
        using var ann = await _app.NewUserAsync();
        using var ben = await _app.NewUserAsync();
        var id = await ann.CreateChannelAsync();
        await ben.JoinAsync(id);
        await using var stream = await EventStream.OpenAsync(ann, id);
        await using var open = await EventStream.OpenAsync(ben, id);
        await stream.WhenAsync("presence", 2);
        var stale = _app.Services.GetRequiredService<ISseManager>().Snapshot(SseTarget.User(ben.UserId)).ShouldHaveSingleItem();
        stale.Channels.ShouldContain($"channel:{id}");
        (await ben.DeleteAsync($"/api/channels/{id}/members/me")).ShouldHaveStatus(204);
        await stream.WhenAsync("presence", 3);

        _app.Services.GetRequiredService<PresenceBoard>().Opened(stale);

        // Whatever was told of Ben goes through the lane before what is told of Cleo.
        using var cleo = await _app.NewUserAsync();
        await cleo.JoinAsync(id);
        await using var third = await EventStream.OpenAsync(cleo, id);
        (await stream.WhenAsync("presence", 4)).GetProperty("user").GetProperty("id").GetString().ShouldBe(cleo.UserId);
        (await OnlineAsync(ann, id)).ShouldBe([ann.UserId, cleo.UserId]);
    }

    [Fact]
    public async Task Nobody_is_told_twice_when_the_time_of_a_batch_is_over_between_two_publications()
    {
        using var ann = await _app.NewUserAsync();
        using var ben = await _app.NewUserAsync();
        using var over = new CancellationTokenSource();
        var publisher = new CancellingPublisher(_app.Services.GetRequiredService<ISsePublisher>(), over);
        await using var services = new ServiceCollection().AddSingleton<ISsePublisher>(publisher).BuildServiceProvider();
        var announcer = new PresenceAnnouncer(_app.Services.GetRequiredService<Db>(), new PresenceRoster(), services);
        var users = new[] { ann, ben }.Select(static user => long.Parse(user.UserId, CultureInfo.InvariantCulture));

        // A batch that ends with an exception is handled again, with everyone in it.
        await announcer.HandleAsync([.. users.Select(static user => KeyValuePair.Create(new PresenceKey(1, user), true))], over.Token);

        publisher.Told.ShouldBe([ann.UserId, ben.UserId]);
    }

    private static async Task<string?[]> OnlineAsync(TestClient client, string channelId, string query = "")
    {
        var items = (await client.GetAsync($"/api/channels/{channelId}/presence{query}")).ShouldHaveStatus(200).Json.GetProperty("items");
        items.EnumerateArray().ShouldAllBe(item => item.GetProperty("online").GetBoolean() && item.GetProperty("channelId").GetString() == channelId);
        return [.. items.EnumerateArray().Select(static item => item.GetProperty("user").GetProperty("id").GetString())];
    }
}

/// <summary>Publishes, and after the first the time of the batch is over.</summary>
file sealed class CancellingPublisher(ISsePublisher inner, CancellationTokenSource over) : ISsePublisher
{
    public List<string?> Told { get; } = [];

    public SseEventId Position => inner.Position;

    public async ValueTask<SseEventId> PublishAsync(string channel, SseMessage message, CancellationToken cancellationToken = default)
    {
        var id = await inner.PublishAsync(channel, message, cancellationToken);
        using var presence = JsonDocument.Parse(message.Data);
        Told.Add(presence.RootElement.GetProperty("user").GetProperty("id").GetString());
        await over.CancelAsync();
        return id;
    }

    public ValueTask<SseEventId> PublishAsync(string channel, string data, string? eventType = null, CancellationToken cancellationToken = default) =>
        inner.PublishAsync(channel, data, eventType, cancellationToken);

    public ValueTask<SseEventId> PublishAsync<T>(string channel, T payload, string? eventType = null, CancellationToken cancellationToken = default) =>
        inner.PublishAsync(channel, payload, eventType, cancellationToken);

    public ValueTask<SseEventId> PublishAsync<T>(
        string channel, T payload, JsonTypeInfo<T> typeInfo, string? eventType = null, CancellationToken cancellationToken = default) =>
        inner.PublishAsync(channel, payload, typeInfo, eventType, cancellationToken);
}

public sealed class SqlitePresenceTests() : PresenceTests(AppHome.Sqlite);

public sealed class PostgreSqlPresenceTests() : PresenceTests(AppHome.PostgreSql);
