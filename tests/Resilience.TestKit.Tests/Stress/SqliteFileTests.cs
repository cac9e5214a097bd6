using Microsoft.Data.Sqlite;

namespace Resilience.TestKit.Tests.Stress;

public sealed class SqliteFileTests
{
    [Fact]
    public void Readers_see_the_last_commit_while_a_writer_is_at_work()
    {
        using var file = new SqliteFile();
        file.Execute("CREATE TABLE t (id INTEGER)");
        using var writer = file.Open();
        using var transaction = writer.BeginTransaction();
        using var insert = writer.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = "INSERT INTO t VALUES (1)";
        insert.ExecuteNonQuery();

        Count(file).ShouldBe(0);
        transaction.Commit();
        Count(file).ShouldBe(1);
        File.Exists(file.FullPath + "-wal").ShouldBeTrue();
    }

    [Fact]
    public void Two_files_are_apart_and_nothing_is_left_behind()
    {
        var first = new SqliteFile();
        using var second = new SqliteFile(writeAheadLog: false);
        first.Execute("CREATE TABLE t (id INTEGER)");

        Should.Throw<SqliteException>(() => Count(second));
        first.Dispose();
        Directory.Exists(Path.GetDirectoryName(first.FullPath)).ShouldBeFalse();
    }

    private static long Count(SqliteFile file)
    {
        using var connection = file.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM t";
        return (long)command.ExecuteScalar()!;
    }
}
