using System.Globalization;

namespace Messaging.Http;

/// <summary>Ids are opaque strings outside and 64-bit keys inside. What is not exactly one of our strings is no id, and therefore unknown.</summary>
internal static class Ids
{
    private const int MaxDigits = 19;

    internal static string Format(long id) => id.ToString(CultureInfo.InvariantCulture);

    internal static bool TryParse(string? text, out long id)
    {
        id = 0;
        return text is { Length: > 0 and <= MaxDigits } && text[0] is >= '1' and <= '9'
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);
    }
}
