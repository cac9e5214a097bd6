namespace Resilience.Data.Tests.Unit;

public sealed class SqlShapeTests
{
    [Theory]
    [InlineData("SELECT  *\n FROM t WHERE a = 'x''y' AND b=12.5e-3", "select * from t where a = ? and b=?")]
    [InlineData("select * from t where id = @id and x = $1 and y = :name and z = ?", "select * from t where id = ? and x = ? and y = ? and z = ?")]
    [InlineData("SELECT a::int, \"Mixed Case\" -- comment 'x'\nFROM t /* a /* nested */ b */ WHERE c IN (1, 2,3)", "select a::int, \"Mixed Case\" from t where c in (?)")]
    [InlineData("INSERT INTO t VALUES (@p0, @p1), (@p2, @p3);", "insert into t values (?)")]
    [InlineData("SELECT E'it\\'s', $tag$ any ' thing $tag$, N'x', $$y$$", "select ?")]
    [InlineData("SELECT t1.c2 FROM table3", "select t1.c2 from table3")]
    [InlineData("SELECT 'unterminated", "select ?")]
    [InlineData("", "")]
    public void The_shape_has_no_values_comments_or_case(string text, string shape) => SqlShape.Of(text).ShouldBe(shape);

    [Fact]
    public void A_list_has_one_shape_whatever_its_length()
    {
        var shapes = Enumerable.Range(1, 50).Select(static n => SqlShape.Of($"SELECT * FROM t WHERE id IN ({string.Join(", ", Enumerable.Range(0, n))})")).Distinct();

        shapes.ShouldHaveSingleItem();
    }

    [Fact]
    public void A_full_table_shares_one_row_and_texts_with_literals_do_not_fill_the_memory()
    {
        var table = new ShapeTable(16);
        var first = table.Of("SELECT a0 FROM t WHERE x = 0");

        for (var i = 0; i < 1_000; i++)
        {
            table.Of($"SELECT a0 FROM t WHERE x = {i}").ShouldBeSameAs(first);
        }

        var shapes = Enumerable.Range(0, 100).Select(i => table.Of($"SELECT a{i} FROM t")).ToList();
        shapes.Count(s => ReferenceEquals(s, table.Overflow)).ShouldBe(100 - 15);
    }
}
