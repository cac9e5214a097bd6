namespace Resilience.Data.Tests.Unit;

public sealed class SqlTests
{
    private static readonly HashSet<string> Columns = new(StringComparer.Ordinal) { "name", "id" };

    [Fact]
    public void A_hole_is_a_parameter_and_never_text()
    {
        var sql = Sql.Of($"SELECT * FROM users WHERE name = {"x' OR 1=1 --"} AND id = {7}");

        sql.Text.ShouldBe("SELECT * FROM users WHERE name = @p0 AND id = @p1");
        sql.Parameters.ShouldBe(new Dictionary<string, object?> { ["p0"] = "x' OR 1=1 --", ["p1"] = 7 }, ignoreOrder: true);
        sql.ToString().ShouldNotContain("OR 1=1");
    }

    [Fact]
    public void Null_and_enumerables_are_parameters_too()
    {
        string? none = null;

        var sql = Sql.Of($"SELECT {none}, {new[] { 1, 2 }}");

        sql.Text.ShouldBe("SELECT @p0, @p1");
        sql.Parameters["p0"].ShouldBeNull();
    }

    [Fact]
    public void A_fragment_is_spliced_and_the_parameters_are_counted_on()
    {
        var filter = Sql.Of($"a = {1} AND b = {2}");
        object boxed = Sql.Of($" LIMIT {3}");

        Sql.Of($"SELECT {0} WHERE {filter}{boxed}").Text.ShouldBe("SELECT @p0 WHERE a = @p1 AND b = @p2 LIMIT @p3");
        Sql.Of($"x = {1}").Append(filter).Text.ShouldBe("x = @p0a = @p1 AND b = @p2");
    }

    [Fact]
    public void An_identifier_comes_from_the_allowed_set_and_is_quoted()
    {
        Sql.Of($"ORDER BY {Sql.Identifier("name", Columns)}").Text.ShouldBe("ORDER BY \"name\"");

        var thrown = Should.Throw<ArgumentException>(() => Sql.Identifier("name; DROP TABLE users", Columns));
        thrown.Message.ShouldContain("id, name");
        thrown.Message.ShouldNotContain("DROP");
    }

    [Theory]
    [InlineData("50%_off!", "%50!%!_off!!%")]
    [InlineData("plain", "%plain%")]
    public void Wildcards_of_the_searched_text_are_literal(string term, string pattern)
    {
        var sql = Sql.LikeContains(term);

        sql.Text.ShouldBe("LIKE @p0 ESCAPE '!'");
        sql.Parameters["p0"].ShouldBe(pattern);
    }

    [Fact]
    public void Many_values_are_one_parameter_so_the_text_does_not_depend_on_their_number()
    {
        Sql.AnyOf([1], SqlDialect.PostgreSql).Text.ShouldBe(Sql.AnyOf(Enumerable.Range(0, 1000), SqlDialect.PostgreSql).Text);
        var sqlite = Sql.AnyOf(["a\"]", "b"], SqlDialect.Sqlite);
        sqlite.Text.ShouldBe("IN (SELECT value FROM json_each(@p0))");
        System.Text.Json.JsonSerializer.Deserialize<string[]>((string)sqlite.Parameters["p0"]!).ShouldBe(["a\"]", "b"]);
        Should.Throw<ArgumentException>(() => Sql.AnyOf([1.5], SqlDialect.Sqlite));
        Should.Throw<ArgumentException>(() => Sql.AnyOf([1], SqlDialect.Auto));
    }
}
