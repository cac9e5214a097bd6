using Messaging.Accounts;

namespace Messaging.Tests.Unit;

/// <summary>Forms of the same characters become one, also where the framework has no ICU.</summary>
public sealed class NfkcTests
{
    [Theory]
    [InlineData("Alice_1", "Alice_1")]
    [InlineData("\uFF21lice", "Alice")]
    [InlineData("\U0001D400\uFB01\u2460\u2122", "Afi1TM")]
    [InlineData("Zoe\u0308", "Zo\u00EB")]
    [InlineData("\u00C5\u212B\u0041\u030A", "\u00C5\u00C5\u00C5")]
    [InlineData("a\u0302\u0323", "\u1EAD")]
    [InlineData("a\u0323\u0302", "\u1EAD")]
    [InlineData("a\u0327\u0323", "\u1EA1\u0327")]
    [InlineData("a\u0323\u0323", "\u1EA1\u0323")]
    [InlineData("\u1112\u1161\u11AB\uD55C", "\uD55C\uD55C")]
    [InlineData("\uFF76\uFF9E", "\u30AC")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("Zoë 🎉", "Zoë 🎉")]
    public void Every_form_has_one_normal_form(string text, string normal)
    {
        Nfkc.Normalize(text).ShouldBe(normal);
        Nfkc.Normalize(normal).ShouldBe(normal);
    }
}
