using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Resilience.Sse;

/// <summary>
/// The position of an event: what a client sends back as <c>Last-Event-ID</c>. Ids of one epoch are totally ordered over all channels of the manager.
/// </summary>
/// <param name="Epoch">The life of the sequence; another one after a restart without stored history. The first character is the version of the format.</param>
/// <param name="Sequence">The place in the sequence; 0 is the position before the first event.</param>
/// <remarks>Immutable. The text form is <c>epoch.sequence</c>.</remarks>
public readonly record struct SseEventId(string Epoch, long Sequence)
{
    /// <summary>The longest text that <see cref="TryParse"/> looks at; longer input is refused unread.</summary>
    public const int MaxLength = 64;

    /// <summary>The text form, <c>epoch.sequence</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}.{Sequence}");

    /// <summary>Reads the text form. Strict: input comes from clients and is not trusted.</summary>
    /// <param name="text">The text; null and anything malformed give <see langword="false"/>.</param>
    /// <param name="id">The id.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out SseEventId id)
    {
        id = default;
        if (text is null || text.Length is < 3 or > MaxLength)
        {
            return false;
        }

        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 1 || !text.AsSpan(0, dot).ContainsOnlyLettersAndDigits())
        {
            return false;
        }

        if (!long.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
        {
            return false;
        }

        id = new SseEventId(text[..dot], sequence);
        return true;
    }
}
