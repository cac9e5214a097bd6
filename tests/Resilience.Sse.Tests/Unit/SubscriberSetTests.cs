using Resilience.Sse.Tests.Support;

namespace Resilience.Sse.Tests.Unit;

public sealed class SubscriberSetTests
{
    [Fact]
    public void Whatever_is_added_and_removed_the_set_holds_exactly_the_rest()
    {
        var hub = Hubs.Create(new HubLimits());
        var random = new Random(3);
        var set = new SubscriberSet();
        var model = new HashSet<Subscription>();
        for (var i = 0; i < 20_000; i++)
        {
            if (model.Count == 0 || random.Next(100) < (i < 10_000 ? 60 : 40))
            {
                var added = new Subscription(null!, new ChannelLog("c", hub, 0), 0);
                set.Add(added);
                model.Add(added);
            }
            else
            {
                var removed = model.ElementAt(random.Next(model.Count));
                set.Remove(removed).ShouldBeTrue();
                set.Remove(removed).ShouldBeFalse();
                model.Remove(removed);
            }

            set.Count.ShouldBe(model.Count);
        }

        All(set).ShouldBe(model, ignoreOrder: true);
    }

    [Fact]
    public void A_walk_from_the_end_misses_nobody_who_stays_whoever_leaves_meanwhile()
    {
        var hub = Hubs.Create(new HubLimits());
        var random = new Random(4);
        for (var round = 0; round < 200; round++)
        {
            var set = new SubscriberSet();
            var members = Enumerable.Range(0, 300).Select(_ => new Subscription(null!, new ChannelLog("c", hub, 0), 0)).ToList();
            members.ForEach(set.Add);
            var met = new HashSet<Subscription>();
            var buffer = new Subscription?[SubscriberSet.ChunkSize];
            for (var chunk = set.ChunkCount - 1; chunk >= 0; chunk--)
            {
                var count = set.CopyChunk(chunk, buffer);
                met.UnionWith(buffer.Take(count)!);
                for (var i = 0; i < 20; i++)
                {
                    var leaver = members[random.Next(members.Count)];
                    set.Remove(leaver);
                    members.Remove(leaver);
                }
            }

            members.ShouldAllBe(m => met.Contains(m));
        }
    }

    private static List<Subscription> All(SubscriberSet set)
    {
        var result = new List<Subscription>();
        var buffer = new Subscription?[SubscriberSet.ChunkSize];
        for (var chunk = 0; chunk < set.ChunkCount; chunk++)
        {
            var count = set.CopyChunk(chunk, buffer);
            result.AddRange(buffer.Take(count)!);
        }

        return result;
    }
}
