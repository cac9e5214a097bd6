using Dapper;
using Microsoft.EntityFrameworkCore;
using Resilience.Data.Tests.Support;

namespace Resilience.Data.Tests.Behaviour;

/// <summary>The recipes of docs/data.md for Dapper and EF Core.</summary>
public sealed class RecipeTests
{
    [Theory]
    [InlineData(SqlDialect.PostgreSql)]
    [InlineData(SqlDialect.Sqlite)]
    public async Task Dapper_works_on_the_connection_and_transaction_of_the_context(SqlDialect dialect)
    {
        await using var guard = await GuardFixture.CreateAsync(dialect);

        var applied = await guard.Transactions.RunAsync(Forum.Edit(2, 1), static async (context, _) =>
        {
            var rows = await context.Connection.ExecuteAsync("UPDATE messages SET text = @text WHERE id = @id", new { text = "dapper", id = 1 }, context.Transaction);
            context.Affected(rows);
            return rows;
        });
        var denied = await guard.Transactions.RunAsync(Forum.Edit(9, 1), static ValueTask<int> (_, _) => throw new InvalidOperationException("not reached"));

        applied.ShouldBe(new GuardResult<int>(GuardOutcome.Applied, 1, 1));
        denied.Outcome.ShouldBe(GuardOutcome.Denied);
    }

    [Fact]
    public async Task EF_Core_works_with_a_fresh_context_per_attempt()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql);

        var result = await guard.Transactions.RunAsync(Forum.Edit(2, 1), static async (context, token) =>
        {
            var options = new DbContextOptionsBuilder<ForumContext>().UseNpgsql(context.ProviderConnection).Options;
            await using var db = new ForumContext(options);
            await db.Database.UseTransactionAsync(context.ProviderTransaction, token);
            var message = await db.Messages.SingleAsync(static m => m.Id == 1, token);
            message.Text = $"attempt {context.Attempt}";
            context.Affected(await db.SaveChangesAsync(token));
            return context.Attempt == 1 ? throw new Npgsql.PostgresException("taken back", "ERROR", "ERROR", "40001") : message.Text;
        });

        result.ShouldBe(new GuardResult<string>(GuardOutcome.Applied, "attempt 2", 2));
        (await guard.Database.ScalarAsync<string>("SELECT text FROM messages WHERE id = 1")).ShouldBe("attempt 2");
    }
}
