using System.Globalization;

namespace Messaging.Tests.Stress;

/// <summary>A ban against streams that are open, that are being opened, and that come back.</summary>
public sealed class BanTests
{
    private const int Rounds = 8;

    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task Nothing_published_after_a_ban_returned_reaches_the_client(string database)
    {
        await using var place = await AppHome.CreateAsync(database);
        await using var app = await place.StartAsync(["--Sse:MaxConnectionsPerKey=50"]);
        using var owner = await app.NewUserAsync();
        using var member = await app.NewUserAsync();
        for (var round = 0; round < Rounds; round++)
        {
            var id = await owner.CreateChannelAsync();
            await member.JoinAsync(id);
            await using var first = await EventStream.OpenAsync(member, id);
            await using var witness = await EventStream.OpenAsync(owner, id);
            using var stop = new CancellationTokenSource();
            var talking = TalkAsync(owner, id, stop.Token);
            await first.WhenAsync("message");

            // While it is banned, the member opens streams as fast as it can.
            var opening = Enumerable.Range(0, 4).Select(_ => TryOpenAsync(member, id)).ToList();
            (await owner.PutAsync($"/api/channels/{id}/bans/{member.UserId}")).ShouldHaveStatus(204);
            var after = (await owner.SayAsync(id, "after the ban")).ShouldHaveStatus(201).Json.GetProperty("sequence").GetInt64();
            var streams = (await Task.WhenAll(opening)).OfType<EventStream>().Append(first).ToList();
            await stop.CancelAsync();
            var last = await talking;

            // Both know that everything was published: the owner by the last message, the member by an event of its own that came later.
            await witness.WhenAsync("message", message => message.GetProperty("sequence").GetInt64() == last);
            var other = await owner.CreateChannelAsync();
            (await owner.PostAsync($"/api/channels/{other}/members", new { userId = member.UserId })).ShouldHaveStatus(204);
            foreach (var stream in streams)
            {
                await stream.WhenAsync("membership", change => change.GetProperty("channelId").GetString() == other);
                stream.Of("message").Select(static entry => entry.Data.GetProperty("sequence").GetInt64()).ShouldAllBe(sequence => sequence < after);
            }

            foreach (var stream in streams.Where(stream => stream != first))
            {
                await stream.DisposeAsync();
            }
        }

        app.ShouldHaveLoggedNoProblem();
    }

    /// <summary>Writes until it is told to stop; answers the last sequence.</summary>
    private static async Task<long> TalkAsync(TestClient writer, string channel, CancellationToken stop)
    {
        for (var i = 0; ; i++)
        {
            var sequence = (await writer.SayAsync(channel, i.ToString(CultureInfo.InvariantCulture))).ShouldHaveStatus(201).Json.GetProperty("sequence").GetInt64();
            if (stop.IsCancellationRequested)
            {
                return sequence;
            }
        }
    }

    private static async Task<EventStream?> TryOpenAsync(TestClient client, string channel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/events?channels={channel}");
        var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if ((int)response.StatusCode == 200)
        {
            return await EventStream.OverAsync(response);
        }

        ((int)response.StatusCode).ShouldBe(403);
        response.Dispose();
        return null;
    }
}
