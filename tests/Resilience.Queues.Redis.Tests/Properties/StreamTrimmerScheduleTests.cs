namespace Resilience.Queues.Redis.Tests.Properties;

/// <summary>Random schedules of appends, reads, acknowledgements and trims. The seed of a failing one is in the message.</summary>
public sealed class StreamTrimmerScheduleTests(PrivateRedis redis) : IClassFixture<PrivateRedis>
{
    private const int Schedules = 400;

    [Fact]
    public async Task Over_400_random_schedules_nothing_unsettled_is_removed_and_the_counts_agree()
    {
        await using var stream = await StreamUnderTest.CreateAsync(redis.Server, static (StreamRetention o) => (o.MaxLength, o.HardMaxLength) = (50, 1_000_000));
        var trims = 0;
        for (var seed = 1; seed <= Schedules; seed++)
        {
            trims += await RunAsync(stream, seed);
        }

        trims.ShouldBeGreaterThan(Schedules);
    }

    private static async Task<int> RunAsync(StreamUnderTest stream, int seed)
    {
        var random = new Random(seed);
        var node = new[] { 5, 10, 100 }[random.Next(3)];
        await stream.Database.KeyDeleteAsync(StreamUnderTest.Key);
        await stream.Database.ExecuteAsync("CONFIG", "SET", "stream-node-max-entries", node);
        var groups = Enumerable.Range(0, random.Next(4)).Select(static i => new Group($"g{i}")).ToArray();
        foreach (var group in groups)
        {
            await stream.CreateGroupAsync(group.Name);
        }

        var added = 0;
        var trims = 0;
        for (var step = 0; step < 14; step++)
        {
            switch (random.Next(groups.Length == 0 ? 2 : 4))
            {
                case 0:
                    var count = random.Next(1, 80);
                    await stream.AddAsync(count, new string('x', random.Next(1, 60)));
                    added += count;
                    break;
                case 1:
                    await TrimAsync(stream, groups, added, node, $"seed {seed}, step {step}");
                    trims++;
                    break;
                case 2:
                    var reader = groups[random.Next(groups.Length)];
                    foreach (var id in await stream.ReadAsync(reader.Name, random.Next(1, 60)))
                    {
                        reader.Pending.Add((reader.Read++, id));
                    }

                    break;
                default:
                    var settler = groups[random.Next(groups.Length)];
                    var settled = settler.Pending.Where(_ => random.Next(3) > 0).ToList();
                    await stream.AcknowledgeAsync(settler.Name, [.. settled.Select(static one => one.Id)]);
                    settler.Pending.RemoveAll(settled.Contains);
                    break;
            }
        }

        return trims;
    }

    private static async Task TrimAsync(StreamUnderTest stream, Group[] groups, int added, int node, string where)
    {
        if (added == 0 && groups.Length == 0)
        {
            return;
        }

        var before = await stream.LengthAsync();
        var result = await stream.Trimmer.TrimAsync(StreamUnderTest.Key);
        var after = await stream.LengthAsync();

        // Only a prefix goes, so the first entry that is left tells everything.
        var first = added - after;
        var needed = groups.Select(static group => group.Pending.Count > 0 ? group.Pending.Min(static one => one.Number) : group.Read).DefaultIfEmpty(int.MaxValue).Min();
        first.ShouldBeLessThanOrEqualTo(Math.Max(needed, 0), $"unsettled entries were removed: {where}");
        result.Removed.ShouldBe(before - after, where);
        result.Length.ShouldBe(after, where);
        result.UnreadLost.ShouldBe(0, where);
        after.ShouldBeGreaterThanOrEqualTo(Math.Min(before, 50), where);
        if (needed >= added)
        {
            after.ShouldBeLessThan(50 + node, where);
        }

        (await stream.Trimmer.TrimAsync(StreamUnderTest.Key)).Removed.ShouldBe(0, where);
    }

    private sealed class Group(string name)
    {
        public string Name { get; } = name;

        public int Read { get; set; }

        public List<(int Number, string Id)> Pending { get; } = [];
    }
}
