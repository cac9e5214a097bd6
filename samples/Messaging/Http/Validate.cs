using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Messaging.Http;

/// <summary>The rules for text that comes from outside. Lengths are UTF-16 code units, as a browser's <c>maxlength</c> counts them.</summary>
internal static class Validate
{
    /// <summary>A name: one line of characters that can be seen, without blanks around it.</summary>
    internal static bool Name(string? value, string field, int maxLength, [NotNullWhen(true)] out string? name, [NotNullWhen(false)] out IResult? problem)
    {
        name = value?.Trim();
        problem = name switch
        {
            null or "" => Problems.Invalid(field, $"is required, 1 to {Limit(maxLength)} characters."),
            _ when name.Length > maxLength => Problems.Invalid(field, $"has {Limit(name.Length)} characters, at most {Limit(maxLength)} are allowed."),
            _ when !IsVisible(name) => Problems.Invalid(field, "must not contain control characters or invisible ones."),
            _ => null,
        };
        return problem is null;
    }

    /// <summary>Free text: line breaks are welcome, NUL is not (PostgreSQL cannot store it).</summary>
    internal static bool Text(
        [NotNullWhen(true)] string? value, string field, int minLength, int maxLength, [NotNullWhen(false)] out IResult? problem)
    {
        problem = value switch
        {
            null => Problems.Invalid(field, $"is required, {Limit(minLength)} to {Limit(maxLength)} characters."),
            _ when value.Length < minLength || string.IsNullOrWhiteSpace(value) =>
                Problems.Invalid(field, $"must have {Limit(minLength)} to {Limit(maxLength)} characters and not be blank."),
            _ when value.Length > maxLength => Problems.Invalid(field, $"has {Limit(value.Length)} characters, at most {Limit(maxLength)} are allowed."),
            _ when value.Contains('\0', StringComparison.Ordinal) => Problems.Invalid(field, "must not contain the character NUL."),
            _ => null,
        };
        return problem is null;
    }

    /// <summary>Two names that look the same must be the same; half a surrogate pair is no character at all.</summary>
    private static bool IsVisible(string name)
    {
        var rest = name.AsSpan();
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != OperationStatus.Done
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator)
            {
                return false;
            }

            rest = rest[length..];
        }

        return true;
    }

    private static string Limit(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
