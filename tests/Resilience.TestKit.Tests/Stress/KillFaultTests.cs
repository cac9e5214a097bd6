using Resilience.TestKit.Tests.Stress.Scenarios;

namespace Resilience.TestKit.Tests.Stress;

public sealed class KillFaultTests
{
    [Theory]
    [InlineData("before", 0)]
    [InlineData("after", 1)]
    public async Task A_process_killed_at_a_step_leaves_what_the_step_had_done(string when, long rows)
    {
        using var file = new SqliteFile();
        file.Execute("CREATE TABLE t (id INTEGER)");
        await using var child = await ChildProcess.StartAsync<KilledAtCommitScenario>(file.ConnectionString, when);

        (await child.Exited.Within()).ShouldBe(137);

        child.TakeMessages().ShouldBe(["committing"]);
        using var connection = file.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM t";
        command.ExecuteScalar().ShouldBe(rows);
    }
}
