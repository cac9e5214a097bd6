using System.Globalization;
using System.Text;

namespace Resilience.Storage;

/// <summary>The rules for a path below the root. A path is refused, never repaired, and the rules are the same on every system.</summary>
/// <remarks>
/// Relative, separated by <c>/</c>; components of ASCII letters, digits, <c>.</c>, <c>_</c>, <c>-</c>, at most 255 bytes each, not beginning or ending with a dot,
/// no device name of Windows; at most 1024 characters in all.
/// </remarks>
public static class StoragePath
{
    /// <summary>The longest path in characters.</summary>
    public const int MaxLength = 1024;

    /// <summary>The longest component in characters.</summary>
    public const int MaxComponentLength = 255;

    private static readonly HashSet<string> Devices = new(StringComparer.OrdinalIgnoreCase)
    {
        "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
        "COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
        "LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
    };

    /// <summary>Whether a path obeys the rules.</summary>
    /// <param name="path">The path.</param>
    public static bool IsValid(string? path) => Refusal(path) is null;

    /// <summary>Why a path is refused, as a short code; null when it is not.</summary>
    /// <param name="path">The path.</param>
    public static string? Refusal(string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return "path_empty";
        }

        if (path.Length > MaxLength)
        {
            return "path_too_long";
        }

        var rest = path.AsSpan();
        while (true)
        {
            var end = rest.IndexOf('/');
            var component = end < 0 ? rest : rest[..end];
            if (RefuseComponent(component) is { } refusal)
            {
                return refusal;
            }

            if (end < 0)
            {
                return null;
            }

            rest = rest[(end + 1)..];
        }
    }

    /// <summary>A path as it may be written to a log or an audit row: control and format characters, and what is no valid text, are escaped; cut at 1024.</summary>
    internal static string Printable(string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return string.Empty;
        }

        var text = new StringBuilder(Math.Min(path.Length, MaxLength));
        foreach (var c in path)
        {
            if (text.Length >= MaxLength)
            {
                text.Append('…');
                break;
            }

            var category = char.GetUnicodeCategory(c);
            if (category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            }
            else
            {
                text.Append(c);
            }
        }

        return text.ToString();
    }

    private static string? RefuseComponent(ReadOnlySpan<char> component)
    {
        if (component.IsEmpty)
        {
            return "path_not_relative";
        }

        if (component is ".." or ".")
        {
            return "path_traversal";
        }

        if (component.Length > MaxComponentLength)
        {
            return "path_too_long";
        }

        foreach (var c in component)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-'))
            {
                return "path_character";
            }
        }

        if (component[0] == '.' || component[^1] == '.')
        {
            return "path_reserved";
        }

        var stem = component.IndexOf('.') is var dot && dot >= 0 ? component[..dot] : component;
        return Devices.GetAlternateLookup<ReadOnlySpan<char>>().Contains(stem) ? "path_reserved" : null;
    }
}
