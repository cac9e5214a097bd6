namespace Resilience.TestKit.Tests.Stress.Scenarios;

/// <summary>Inserts a row and is killed by its own script before or after the commit.</summary>
public sealed class KilledAtCommitScenario : IChildScenario
{
    public async Task RunAsync(ChildContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        SQLitePCL.Batteries_V2.Init();
        var script = new FaultScript();
        _ = context.Arguments[1] == "before" ? script.On("commit").KillBefore() : script.On("commit").KillAfter();
        await using var source = new FaultyDbDataSource(SqliteFile.CreateDataSource(context.Arguments[0]), script);
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO t VALUES (1)";
        await command.ExecuteNonQueryAsync();
        context.Send("committing");
        await transaction.CommitAsync();
        context.Send("alive");
    }
}
