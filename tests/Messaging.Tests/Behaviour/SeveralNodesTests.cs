using System.Text.Json;
using Messaging.Realtime;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>Two nodes on one PostgreSQL.</summary>
public sealed class SeveralNodesTests(PostgreSqlFixture server) : IClassFixture<PostgreSqlFixture>
{
    private const int Messages = 60;

    [Fact]
    public async Task Two_nodes_publish_each_event_once_and_in_order()
    {
        using var folder = new TempFolder("nodes");
        var publisher = new RecordingPublisher();
        string[] settings =
        [
            "--Storage:Provider=PostgreSql", $"--ConnectionStrings:PostgreSql={server.Database.ConnectionString}",
            "--Attachments:Deletion:RequireDurableCommits=false",
        ];
        var starting = Enumerable.Range(0, 2).Select(_ => TestApp.StartAsync(
            folder.FullPath, settings, builder => Replace.Service<IEventPublisher>(builder, publisher)));
        var nodes = await Task.WhenAll(starting);
        await using var first = nodes[0];
        await using var second = nodes[1];
        using var here = await first.NewUserAsync();
        using var there = new TestClient(second.Url, here.Token);
        var id = await here.CreateChannelAsync();

        await Task.WhenAll(Enumerable.Range(0, Messages).Select(i => (i % 2 == 0 ? here : there).SayAsync(id, $"m{i}")));
        await publisher.WhenAsync(static events => events.Count(IsMessage) >= Messages).Within();

        publisher.Events.Where(IsMessage).Select(Sequence).ShouldBe(Enumerable.Range(1, Messages).Select(static i => (long)i));
        first.ShouldHaveLoggedNoProblem();
        second.ShouldHaveLoggedNoProblem();
    }

    private static bool IsMessage(OutboxEvent row) => row.EventType == "message";

    private static long Sequence(OutboxEvent row) => JsonDocument.Parse(row.Data).RootElement.GetProperty("sequence").GetInt64();
}
