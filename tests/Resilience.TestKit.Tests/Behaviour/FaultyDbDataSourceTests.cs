using System.Data;
using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace Resilience.TestKit.Tests.Behaviour;

public sealed class FaultyDbDataSourceTests : IDisposable
{
    private readonly SqliteFile _file = new();
    private readonly FaultScript _script = new(static () => new InjectedDbException());
    private readonly DbDataSource _source;

    public FaultyDbDataSourceTests()
    {
        _file.Execute("CREATE TABLE t (id INTEGER)");
        _source = new FaultyDbDataSource(SqliteFile.CreateDataSource(_file.ConnectionString), _script, sql => sql.Split(' ')[0]);
    }

    public void Dispose()
    {
        _source.Dispose();
        _file.Dispose();
    }

    [Fact]
    public async Task Without_faults_it_is_the_provider()
    {
        await InsertAsync(_source, 7);

        await using var connection = await _source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id FROM t WHERE id = @id";
        var parameter = command.CreateParameter();
        parameter.ParameterName = "@id";
        parameter.Value = 7;
        command.Parameters.Add(parameter);
        await using var reader = await command.ExecuteReaderAsync();
        (await reader.ReadAsync()).ShouldBeTrue();
        reader.GetInt32(0).ShouldBe(7);
        _script.Calls.ShouldBe(["open", "begin", "INSERT", "commit", "open", "SELECT"]);
    }

    [Fact]
    public async Task A_commit_that_fails_before_has_changed_nothing_and_one_that_fails_after_has()
    {
        _script.On("commit").FailBefore().FailAfter();

        await Should.ThrowAsync<InjectedDbException>(() => InsertAsync(_source, 1));
        Count().ShouldBe(0);
        await Should.ThrowAsync<InjectedDbException>(() => InsertAsync(_source, 2));
        Count().ShouldBe(1);
    }

    [Theory]
    [InlineData("open")]
    [InlineData("begin")]
    [InlineData("INSERT")]
    [InlineData("rollback")]
    public async Task Every_step_can_fail_in_both_ways_of_calling(string point)
    {
        _script.On(point).FailBefore(2);

        await Should.ThrowAsync<InjectedDbException>(async () =>
        {
            await using var connection = await _source.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.Serializable);
            await Command(connection, transaction).ExecuteNonQueryAsync();
            await transaction.RollbackAsync();
        });
        Should.Throw<InjectedDbException>(() =>
        {
            using var connection = _source.OpenConnection();
            using var transaction = connection.BeginTransaction();
            Command(connection, transaction).ExecuteNonQuery();
            transaction.Rollback();
        });
        Count().ShouldBe(0);
    }

    [Fact]
    public async Task A_connection_that_breaks_on_a_fault_rolls_back_on_the_server()
    {
        var server = await PostgreSqlServer.SharedAsync();
        await using var database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t (id INTEGER)");
        await using var source = new FaultyDbDataSource(database.DataSource, _script, breakOnFault: true);
        _script.On("execute").FailAfter();

        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Should.ThrowAsync<InjectedDbException>(() => Command(connection, transaction).ExecuteNonQueryAsync());

        connection.State.ShouldBe(ConnectionState.Closed);
        await using var count = database.DataSource.CreateCommand("SELECT count(*) FROM t");
        (await count.ExecuteScalarAsync()).ShouldBe(0L);
        await InsertAsync(source, 1);
        (await count.ExecuteScalarAsync()).ShouldBe(1L);
        await using NpgsqlConnection real = await database.DataSource.OpenConnectionAsync();
        real.State.ShouldBe(ConnectionState.Open);
    }

    private static DbCommand Command(DbConnection connection, DbTransaction transaction, int id = 1)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"INSERT INTO t VALUES ({id})");
        return command;
    }

    private static async Task InsertAsync(DbDataSource source, int id)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = Command(connection, transaction, id);
        await command.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
    }

    private long Count()
    {
        using var connection = _file.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM t";
        return (long)command.ExecuteScalar()!;
    }
}
