using Messaging.Client;

namespace Messaging.Tests.Unit;

public sealed class TypedLineTests
{
    [Theory]
    [InlineData("hello", "hello", null)]
    [InlineData("/into the wild", "/into the wild", null)]
    [InlineData("/in 30s tea", "tea", 30)]
    [InlineData("/in 10m two words", "two words", 600)]
    [InlineData("/in 2h x", "x", 7_200)]
    [InlineData("/in 30d x", "x", 2_592_000)]
    public void A_line_is_a_text_at_once_or_later(string line, string text, int? seconds)
    {
        TypedLine.TryParse(line, out var typed, out _).ShouldBeTrue();

        typed.ShouldBe(new TypedLine(text, seconds));
    }

    [Theory]
    [InlineData("/in 10m")]
    [InlineData("/in 10m  ")]
    [InlineData("/in soon x")]
    [InlineData("/in 0s x")]
    [InlineData("/in -1s x")]
    [InlineData("/in 31d x")]
    [InlineData("/in 99999999999d x")]
    [InlineData("/in m x")]
    public void A_wrong_time_is_explained_and_nothing_is_sent(string line)
    {
        TypedLine.TryParse(line, out _, out var mistake).ShouldBeFalse();

        mistake!.ShouldContain("10m");
    }
}
