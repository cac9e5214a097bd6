using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Stress;

public sealed class CommitUnknownTests
{
    [Fact]
    public async Task A_connection_lost_during_the_commit_is_told_and_never_run_again()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql);
        await guard.Database.RunAsync(
            """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER cut AFTER UPDATE ON messages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut();
            """);
        var runs = 0;
        var committed = 0;

        var result = await guard.Transactions.RunAsync(Forum.Edit(2, 1), (context, token) =>
        {
            runs++;
            context.OnCommitted(_ =>
            {
                committed++;
                return ValueTask.CompletedTask;
            });
            return context.ExecuteAsync(Forum.SetText(1, "unknown"), token);
        }).Within();

        result.Outcome.ShouldBe(GuardOutcome.CommitUnknown);
        result.Error.ShouldNotBeNull();
        (runs, committed).ShouldBe((1, 0));
        guard.Logs.Of(4000).Count.ShouldBe(1);
    }
}
