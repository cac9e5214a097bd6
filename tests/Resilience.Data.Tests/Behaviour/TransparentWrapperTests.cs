using System.Data;
using System.Data.Common;
using Dapper;
using Microsoft.EntityFrameworkCore;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Behaviour;

public sealed class TransparentWrapperTests
{
    [Fact]
    public async Task Dapper_passes_an_array_as_an_array()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql);
        await using var connection = await fixture.Source.OpenConnectionAsync();

        var ids = await connection.QueryAsync<int>("SELECT id FROM messages WHERE id = ANY(@ids) ORDER BY id", new { ids = new[] { 1, 3 } });

        ids.ShouldBe([1, 3]);
    }

    [Theory]
    [InlineData(SqlDialect.PostgreSql)]
    [InlineData(SqlDialect.Sqlite)]
    public async Task Transactions_with_savepoints_work_and_know_their_connection(SqlDialect dialect)
    {
        await using var fixture = await MonitorFixture.CreateAsync(dialect);
        await using var connection = await fixture.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.Serializable);
        transaction.Connection.ShouldBeSameAs(connection);
        transaction.IsolationLevel.ShouldBe(IsolationLevel.Serializable);
        transaction.SupportsSavepoints.ShouldBeTrue();

        await connection.ExecuteAsync("UPDATE messages SET text = 'kept' WHERE id = 1", transaction: transaction);
        await transaction.SaveAsync("s");
        await connection.ExecuteAsync("UPDATE messages SET text = 'lost' WHERE id = 1", transaction: transaction);
        await transaction.RollbackAsync("s");
        await transaction.ReleaseAsync("s");
        await transaction.CommitAsync();

        (await fixture.Database.ScalarAsync<string>("SELECT text FROM messages WHERE id = 1")).ShouldBe("kept");
    }

    [Fact]
    public async Task Beginning_a_transaction_stays_asynchronous()
    {
        var inner = new RecordingConnection();
        await using var connection = new MonitoredDbConnection(inner, new MonitorFixture().Monitor, null);

        await Should.ThrowAsync<NotSupportedException>(async () => await connection.BeginTransactionAsync());

        inner.Calls.ShouldBe(["BeginDbTransactionAsync"]);
    }

    [Fact]
    public async Task Batches_work_and_each_statement_counts()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql);
        await using var connection = await fixture.Source.OpenConnectionAsync();
        connection.CanCreateBatch.ShouldBeTrue();
        using var scope = fixture.Monitor.BeginScope("batch");
        await using var batch = connection.CreateBatch();
        foreach (var text in new[] { "SELECT 1", "SELECT 2" })
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = text;
            batch.BatchCommands.Add(command);
        }

        await using (var reader = await batch.ExecuteReaderAsync())
        {
            (await reader.ReadAsync()).ShouldBeTrue();
            (await reader.NextResultAsync()).ShouldBeTrue();
        }

        await using var direct = fixture.Source.CreateBatch();
        direct.BatchCommands.Add(direct.CreateBatchCommand());
        direct.BatchCommands[0].CommandText = "SELECT 3";
        (await direct.ExecuteScalarAsync()).ShouldBe(3);
        scope.Complete().Statements.Sum(static x => x.Count).ShouldBe(3);
        scope.Count.ShouldBe(3);
    }

    [Theory]
    [InlineData(SqlDialect.PostgreSql)]
    [InlineData(SqlDialect.Sqlite)]
    public async Task A_command_of_the_source_opens_its_own_connection_and_is_counted(SqlDialect dialect)
    {
        await using var fixture = await MonitorFixture.CreateAsync(dialect);
        using var scope = fixture.Monitor.BeginScope("source");

        await using var command = fixture.Source.CreateCommand("SELECT count(*) FROM messages");
        Convert.ToInt32(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture).ShouldBe(4);

        scope.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_reader_closes_its_connection_when_asked_and_is_disposed_once()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql);
        var connection = await fixture.Source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, text FROM messages ORDER BY id";
        var reader = await command.ExecuteReaderAsync(CommandBehavior.CloseConnection);
        (await reader.ReadAsync()).ShouldBeTrue();
        reader.GetFieldValue<int>(0).ShouldBe(1);
        (await reader.GetFieldValueAsync<string>(1)).ShouldBe("one");
        (await reader.GetColumnSchemaAsync()).Count.ShouldBe(2);
        ((IDbColumnSchemaGenerator)reader).GetColumnSchema()[1].ColumnName.ShouldBe("text");
        reader.GetSchemaTable().ShouldNotBeNull();

        await reader.CloseAsync();

        connection.State.ShouldBe(ConnectionState.Closed);
        await connection.OpenAsync();
        await using var next = await command.ExecuteReaderAsync();
        await reader.DisposeAsync();
        await reader.DisposeAsync();
        (await next.ReadAsync()).ShouldBeTrue("the provider reuses its reader: the old wrapper must not close it again");
        fixture.Monitor.Snapshot().Single(static s => s.Statement.Contains("select id, text")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Another_thread_can_cancel()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql);
        await using var connection = await fixture.Source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT pg_sleep(60)";
        var running = command.ExecuteNonQueryAsync();
        await Watchdog.UntilAsync(async () => await fixture.Database.ScalarAsync<int>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT pg_sleep%'") == 1);

        await Task.Run(command.Cancel);

        var thrown = await Should.ThrowAsync<Exception>(() => running.Within());
        thrown.ShouldBeAssignableTo<Exception>();
        fixture.Monitor.Snapshot().Single(static s => s.Statement.StartsWith("select pg_sleep")).Errors.ShouldBe(1);
    }

    [Fact]
    public async Task What_is_not_watched_goes_straight_through()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql, static o => o.Enabled = false);
        await using var connection = await fixture.Source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT 1";

        await using (var reader = await command.ExecuteReaderAsync())
        {
            reader.ShouldBeOfType<Npgsql.NpgsqlDataReader>();
        }

        await command.ExecuteScalarAsync();
        fixture.Monitor.Snapshot().ShouldBeEmpty();
        using var scope = fixture.Monitor.BeginScope("watched");
        await command.ExecuteScalarAsync();
        scope.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Guarded_transactions_and_EF_Core_see_through_the_wrapper()
    {
        await using var guard = await GuardFixture.CreateAsync(SqlDialect.PostgreSql, wrap: static s => new MonitoredDbDataSource(s, new MonitorFixture().Monitor));

        var result = await guard.Transactions.RunAsync(Forum.Edit(2, 1), static async (context, token) =>
        {
            context.ProviderConnection.ShouldBeOfType<Npgsql.NpgsqlConnection>();
            context.ProviderTransaction.ShouldBeOfType<Npgsql.NpgsqlTransaction>();
            return await context.ExecuteAsync(Forum.SetText(1, "wrapped"), token);
        });

        result.IsApplied.ShouldBeTrue();
    }

    [Fact]
    public async Task EF_Core_inserts_in_a_transaction_on_a_watched_connection()
    {
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.PostgreSql);
        var options = new DbContextOptionsBuilder<ForumContext>()
            .UseNpgsql(fixture.Source.CreateConnection(), contextOwnsConnection: true).AddInterceptors(new MonitoringInterceptor(fixture.Monitor)).Options;
        using var scope = fixture.Monitor.BeginScope("insert");
        await using (var db = new ForumContext(options))
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Members.Add(new Member { ChannelId = 1, UserId = 9, Role = "member" });
            db.Messages.Add(new Message { Id = 9, ChannelId = 1, AuthorId = 9, Text = "new" });
            await db.SaveChangesAsync();
            (await db.Messages.SingleAsync(static m => m.Id == 9)).Text = "changed";
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
        }

        // One insert for both rows, a select, an update, and two savepoints that are set and released.
        scope.Complete().Statements.Sum(static x => x.Count).ShouldBe(7);
        scope.Count.ShouldBe(7);
        (await fixture.Database.ScalarAsync<string>("SELECT m.text || ' ' || r.role FROM messages m JOIN members r ON r.user_id = m.author_id WHERE m.id = 9")).ShouldBe("changed member");
    }

    private sealed class RecordingConnection : DbConnection
    {
        public List<string> Calls { get; } = [];

        [System.Diagnostics.CodeAnalysis.AllowNull]
        public override string ConnectionString { get; set; } = "";

        public override string Database => "";

        public override string DataSource => "";

        public override string ServerVersion => "";

        public override ConnectionState State => ConnectionState.Open;

        public override void ChangeDatabase(string databaseName) => Calls.Add("ChangeDatabase");

        public override void Close() => Calls.Add("Close");

        public override void Open() => Calls.Add("Open");

        protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel)
        {
            Calls.Add("BeginDbTransaction");
            throw new NotSupportedException();
        }

        protected override ValueTask<DbTransaction> BeginDbTransactionAsync(IsolationLevel isolationLevel, CancellationToken cancellationToken)
        {
            Calls.Add("BeginDbTransactionAsync");
            throw new NotSupportedException();
        }

        protected override DbCommand CreateDbCommand() => throw new NotSupportedException();
    }
}
