using System.Net.ServerSentEvents;
using Resilience.Sse.Tests.Support;

namespace Resilience.Sse.Tests.Behaviour;

public sealed class SmokeTests
{
    [Fact]
    public async Task A_published_event_reaches_a_subscriber_with_its_id()
    {
        await using var app = await SseApp.StartAsync();
        using var http = new HttpClient { BaseAddress = app.Address };
        await using var stream = await http.GetStreamAsync("/events?channels=a,b");
        var id = await app.Publisher.PublishAsync("a", "one", "greeting");
        await app.Publisher.PublishAsync("c", "not for this one");
        var id2 = await app.Publisher.PublishAsync("b", new { Text = "two" });
        var items = new List<SseItem<string>>();
        var parser = SseParser.Create(stream);
        await foreach (var item in parser.EnumerateAsync())
        {
            items.Add(item);
            if (items.Count == 2)
            {
                break;
            }
        }

        items[0].Data.ShouldBe("one");
        items[0].EventType.ShouldBe("greeting");
        items[0].EventId.ShouldBe(id.ToString());
        items[1].Data.ShouldBe("""{"text":"two"}""");
        items[1].EventId.ShouldBe(id2.ToString());
        app.Manager.ConnectionCount.ShouldBe(1);
    }
}
