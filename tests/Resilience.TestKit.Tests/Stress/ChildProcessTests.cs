using Resilience.TestKit.Tests.Stress.Scenarios;

namespace Resilience.TestKit.Tests.Stress;

public sealed class ChildProcessTests
{
    private const int KilledCode = 137;
    private const int FailedCode = 70;

    [Fact]
    public async Task A_child_gets_its_arguments_talks_and_stops_in_good_order()
    {
        await using var child = await ChildProcess.StartAsync<EchoScenario>(["a", "b c"], new Dictionary<string, string> { ["KIT_TEST"] = "set" });
        (await child.ReceiveAsync()).ShouldBe("a|b c set");

        await child.SendAsync("two\nlines \\n and \\");
        (await child.ReceiveAsync()).ShouldBe("two\nlines \\n and \\");

        (await child.StopAsync()).ShouldBe(0);
        child.Output.ShouldContain("plain output");
    }

    [Fact]
    public async Task A_scenario_that_throws_ends_the_child_with_its_error_in_the_failure()
    {
        await using var child = await ChildProcess.StartAsync<EchoScenario>();
        await child.ReceiveAsync();
        await child.SendAsync("throw");

        var error = await Should.ThrowAsync<ChildProcessException>(() => child.ReceiveAsync());

        error.Message.ShouldContain("code 70");
        error.Message.ShouldContain("InvalidDataException: planted");
        (await child.Exited).ShouldBe(FailedCode);
    }

    [Fact]
    public async Task What_a_killed_child_has_told_it_has_done()
    {
        using var folder = new TempFolder();
        var path = folder.PathOf("count");
        await using var child = await ChildProcess.StartAsync<CountScenario>(path);
        var heard = 0;
        while (heard < 100)
        {
            heard = int.Parse(await child.ReceiveAsync(), System.Globalization.CultureInfo.InvariantCulture);
        }

        await child.KillAsync();

        (await child.Exited).ShouldBe(KilledCode);
        child.HasExited.ShouldBeTrue();
        var rest = child.TakeMessages();
        var last = rest.Count == 0 ? heard : int.Parse(rest[^1], System.Globalization.CultureInfo.InvariantCulture);
        var written = new FileInfo(path).Length / sizeof(int);
        written.ShouldBeInRange(last + 1, last + 2);
    }

    [Fact]
    public async Task A_frozen_child_is_silent_and_goes_on_where_it_was()
    {
        await using var child = await ChildProcess.StartAsync<EchoScenario>();
        await child.ReceiveAsync();
        child.Freeze();
        Directory.GetDirectories($"/proc/{child.Id}/task").Select(static thread => State(thread)).ShouldAllBe(static state => state == 'T' || state == 'X' || state == null, "a thread that was ending may still go");
        State($"/proc/{child.Id}").ShouldBe('T');
        await child.SendAsync("x");
        var answer = child.ReceiveAsync();
        answer.IsCompleted.ShouldBeFalse();

        child.Continue();

        (await answer).ShouldBe("x");
        child.Terminate();
        (await child.Exited.Within()).ShouldBe(143);
    }

    [Fact]
    public async Task Servers_and_children_of_a_process_that_is_killed_die_with_it()
    {
        await using var family = await ChildProcess.StartAsync<FamilyScenario>();
        var ids = (await family.ReceiveAsync(TimeSpan.FromSeconds(10))).Split(' ').Select(int.Parse).ToArray();
        ids.ShouldAllBe(id => State($"/proc/{id}") != null);

        // Only the process itself, as the system's out-of-memory killer does: nothing of its cleanup runs.
        System.Diagnostics.Process.GetProcessById(family.Id).Kill(entireProcessTree: false);

        await Watchdog.UntilAsync(() => ids.All(id => State($"/proc/{id}") is null or 'Z'), detail: () => string.Join(' ', ids.Select(id => $"{id}:{State($"/proc/{id}")}")));

        await family.Exited.Within();
        await Watchdog.UntilAsync(() =>
        {
            TempFolder.RemoveOrphans();
            return Directory.GetDirectories(Path.GetTempPath(), $"resilience-test-{family.Id}-*").Length == 0;
        });
    }

    /// <summary>The state of a process or of a thread; null when it is gone.</summary>
    private static char? State(string folder)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
