using System.IO.Pipelines;
using Resilience.Sse.Tests.Support;

namespace Resilience.Sse.Tests.Unit;

/// <summary>A slice says whether anything may be left that no wake-up will tell of: whoever serves a stream rests on it.</summary>
public sealed class HubSourceTests
{
    [Fact]
    public void A_slice_with_all_there_is_leaves_nothing()
    {
        var (hub, source) = Open("a", "b");
        hub.Publish("a");
        Fill(source).ShouldBe((1, false));
        hub.Publish("a");
        hub.Publish("b");
        hub.Publish("unread");
        Fill(source).ShouldBe((2, false));
        Fill(source).ShouldBe((0, false));
    }

    [Fact]
    public void A_slice_that_is_full_says_that_there_may_be_more()
    {
        var (hub, source) = Open("a");
        for (var i = 0; i < 257; i++)
        {
            hub.Publish("a");
        }

        Fill(source).ShouldBe((256, true));
        Fill(source).ShouldBe((1, false));
    }

    [Fact]
    public void Behind_the_rest_of_a_long_frame_there_may_be_more()
    {
        var (hub, source) = Open("a");
        hub.Publish("a", new string('x', SseSource.SliceBytes));
        hub.Publish("a");
        Fill(source).ShouldBe((0, true));
        Fill(source).ShouldBe((1, true));
        Fill(source).ShouldBe((1, false));
    }

    private static (SseHub Hub, HubSource Source) Open(params string[] channels)
    {
        var hub = Hubs.Create(new HubLimits());
        var source = new HubSource(new HubCursor(hub, new WakeSignal(), 64));
        source.Open(channels, null, hub.Head, "sse.gap");
        return (hub, source);
    }

    private static (int Events, bool More) Fill(HubSource source)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var slice = source.Fill(pipe.Writer, single: true);
        return (slice.Events, slice.More);
    }
}
