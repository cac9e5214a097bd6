using Resilience.TestKit;

namespace Resilience.Storage.Tests.Stress;

/// <summary>A process with as few threads as a machine with two processors has.</summary>
public sealed class FewThreadsTests
{
    // What the provider would sleep away for each pair of uploads, before it says that the database is locked.
    private static readonly TimeSpan Expected = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Uploads_that_wait_for_the_writer_of_SQLite_hold_no_thread_that_the_writer_needs()
    {
        await using var child = await ChildProcess.StartAsync<FewThreadsScenario>([], new Dictionary<string, string> { ["DOTNET_PROCESSOR_COUNT"] = "2" });
        (await child.ReceiveAsync(Expected)).ShouldBe(FewThreadsScenario.AllBegun);
        (await child.Exited.Within()).ShouldBe(0, child.Output);
    }
}
