using System.Globalization;

namespace Messaging.Tests;

/// <summary>Names that no other test has.</summary>
public static class Names
{
    private static int _last;

    public static string Next(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind} {Interlocked.Increment(ref _last)}");
}
