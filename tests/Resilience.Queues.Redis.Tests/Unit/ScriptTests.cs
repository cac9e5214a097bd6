namespace Resilience.Queues.Redis.Tests.Unit;

public sealed class ScriptTests
{
    public static TheoryData<string> Names =>
    [
        .. typeof(ScriptLibrary).Assembly.GetManifestResourceNames()
            .Select(static file => Path.GetFileNameWithoutExtension(file))
            .Except(["time", "state", "kill"])
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_tests_run_differs_from_what_is_shipped_in_the_line_of_the_time_alone(string name)
    {
        var other = RedisStoreUnderTest.TimeLine("clock");
        var shipped = ScriptLibrary.Shipped.Get(name).Split('\n');
        var tested = ScriptLibrary.WithTime(other).Get(name).Split('\n');

        tested.Length.ShouldBe(shipped.Length);
        var differences = shipped.Zip(tested).Where(static pair => pair.First != pair.Second).ToList();
        differences.Count.ShouldBeLessThanOrEqualTo(1);
        differences.ShouldAllBe(pair => pair.First == ScriptLibrary.TimeLine && pair.Second == other);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_script_learns_the_time_in_its_first_line_or_not_at_all(string name)
    {
        var lines = ScriptLibrary.Shipped.Get(name).Split('\n').SkipWhile(static line => line.StartsWith("#!", StringComparison.Ordinal)).ToArray();
        lines.Skip(1).ShouldNotContain(static line => line.Contains("'TIME'", StringComparison.Ordinal));
        if (lines.Any(static line => line.Contains("now", StringComparison.Ordinal)))
        {
            lines[0].ShouldBe(ScriptLibrary.TimeLine);
        }
    }

    /// <summary>Whoever may only take away must not be stopped by a server that is full: it is what makes room.</summary>
    [Theory]
    [InlineData("claim", true)]
    [InlineData("extend", true)]
    [InlineData("settle", true)]
    [InlineData("cleanup", true)]
    [InlineData("cancel", true)]
    [InlineData("stream_trim", true)]
    [InlineData("enqueue", false)]
    public void What_drains_runs_on_a_full_server_and_what_fills_does_not(string name, bool runs) =>
        ScriptLibrary.Shipped.Get(name).StartsWith("#!lua flags=allow-oom\n", StringComparison.Ordinal).ShouldBe(runs);

    [Fact]
    public void Every_script_says_what_it_takes_and_gives()
    {
        Names.Count.ShouldBe(13);
        foreach (var name in Names)
        {
            using var reader = new StreamReader(typeof(ScriptLibrary).Assembly.GetManifestResourceStream($"{name.Data}.lua")!);
            var text = reader.ReadToEnd();
            text.ShouldContain("-- KEYS");
            text.ShouldContain("-- Reply");
            text.ShouldContain("-- O(");
        }
    }
}
