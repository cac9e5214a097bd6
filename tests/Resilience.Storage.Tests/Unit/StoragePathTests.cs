namespace Resilience.Storage.Tests.Unit;

public sealed class StoragePathTests
{
    /// <summary>The corpus of attacks; also fed to every store.</summary>
    public static IEnumerable<string> Attacks =>
    [
        "", ".", "..", "../a", "a/..", "a/../../b", "a/./b", "/etc/passwd", "//a", "a//b", "a/", "/", "a\0b", "a\rb", "a\nb", "a\tb", "\u0007", "%2e%2e/a", "a%2fb", "%252e",
        "a\\b", "..\\a", "C:x", "C:\\x", "\\\\server\\share", "\\\\?\\C:\\x", "name:stream", "a.", "a ", " a", ".a", ".resilience-root", ".resilience-quarantine/x", ".nfs0001",
        "CON", "con.txt", "NUL", "x/COM1", "LPT9.log", "COM¹", "a\u200db", "a\u202eb", "é", "e\u0301", "\ud800", "a\udc00", "😀", "a*b", "a?b", "a|b", "a\"b", "<a>",
        "~", "~/a", "$HOME", "a;b", "a'b", new string('a', 256), new string('a', 1025), string.Concat(Enumerable.Repeat("a/", 600)) + "a", "lost+found/x",
    ];

    [Fact]
    public void Every_attack_is_refused_by_the_rules() => Attacks.Where(StoragePath.IsValid).ShouldBeEmpty();

    [Theory]
    [InlineData("a")]
    [InlineData("a/b/c.bin")]
    [InlineData("2026-01-01_x.tar.gz")]
    [InlineData("console/nullable.txt")]
    public void Plain_names_are_allowed(string path) => StoragePath.Refusal(path).ShouldBeNull();

    [Fact]
    public void The_longest_component_is_255_and_the_longest_path_1024_characters()
    {
        StoragePath.IsValid(new string('a', 255)).ShouldBeTrue();
        var longest = string.Join('/', Enumerable.Repeat(new string('a', 255), 4));
        longest.Length.ShouldBe(1023);
        StoragePath.IsValid(longest).ShouldBeTrue();
        StoragePath.IsValid(longest + "bb").ShouldBeFalse();
    }

    [Fact]
    public void A_path_in_a_log_or_an_audit_row_cannot_forge_another_line()
    {
        StoragePath.Printable("a\r\nDeleted everything\u202e\ud800").ShouldBe("a\\u000D\\u000ADeleted everything\\u202E\\uD800");
        StoragePath.Printable(new string('a', 5000)).Length.ShouldBe(1025);
    }
}
