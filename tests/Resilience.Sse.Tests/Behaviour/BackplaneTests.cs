using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Resilience.Sse.Tests.Support;

namespace Resilience.Sse.Tests.Behaviour;

/// <summary>The seam between one node and several.</summary>
public sealed class BackplaneTests
{
    [Fact]
    public async Task Whatever_is_published_or_ordered_goes_through_the_backplane_and_in_no_other_way()
    {
        Recording recording = null!;
        await using var app = await TestApp.StartAsync(services: s => s.Replace(ServiceDescriptor.Singleton<ISseBackplane>(p =>
            recording = new Recording(new LocalBackplane(p.GetRequiredService<SseNode>())))));
        await using var stream = await app.OpenAsync();
        await app.Publisher.PublishAsync("news", "1");
        (await stream.NextAsync())!.Value.Data.ShouldBe("1");
        (await app.Manager.SubscribeAsync(SseTarget.All, "more")).ShouldBe(1);
        (await app.Manager.UnsubscribeAsync(SseTarget.All, "news")).ShouldBe(1);
        recording.Swallow = true;
        await app.Publisher.PublishAsync("more", "swallowed");
        (await app.Manager.CloseAsync(SseTarget.All, "swallowed")).ShouldBe(0);
        (await app.Manager.RevokeAsync(SseTarget.All)).ShouldBe(0);
        recording.Swallow = false;
        await app.Publisher.PublishAsync("more", "2");
        (await stream.NextAsync())!.Value.Data.ShouldBe("2");
        app.Node.Hub.Head.ShouldBe(2);
        recording.Seen.ShouldBe(["append news", "Subscribe more", "Unsubscribe news", "append more", "Close swallowed", "Revoke ", "append more"]);
    }

    [Fact]
    public async Task The_position_of_the_publisher_is_that_of_the_backplane()
    {
        await using var app = await TestApp.StartAsync();
        var id = await app.Publisher.PublishAsync("news", "1");
        app.Publisher.Position.ShouldBe(id);
        app.App.Services.GetRequiredService<ISseBackplane>().Position.ShouldBe(id);
    }

    private sealed class Recording(ISseBackplane inner) : ISseBackplane
    {
        public List<string> Seen { get; } = [];

        public bool Swallow { get; set; }

        public SseEventId Position => inner.Position;

        public ValueTask<SseEventId> AppendAsync(string channel, SseMessage message, CancellationToken cancellationToken)
        {
            Seen.Add($"append {channel}");
            return Swallow ? ValueTask.FromResult(Position) : inner.AppendAsync(channel, message, cancellationToken);
        }

        public ValueTask<int> ExecuteAsync(SseCommand command, CancellationToken cancellationToken)
        {
            Seen.Add($"{command.Kind} {command.Value}");
            return Swallow ? ValueTask.FromResult(0) : inner.ExecuteAsync(command, cancellationToken);
        }
    }
}
