using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Messaging.Client;

/// <summary>What a typed line asks for: a text, sent at once, or later with <c>/in 30s</c>, <c>/in 10m</c>, <c>/in 2h</c>, <c>/in 1d</c> before it.</summary>
internal readonly record struct TypedLine(string Text, int? DelaySeconds)
{
    internal const int MaxDelaySeconds = 2_592_000;

    private const string Command = "/in ";
    private const string Usage = "Type /in, a time such as 30s, 10m, 2h or 1d (at most 30d), and the message.";

    internal static bool TryParse(string line, out TypedLine typed, [NotNullWhen(false)] out string? mistake)
    {
        typed = new TypedLine(line, null);
        mistake = null;
        if (!line.StartsWith(Command, StringComparison.Ordinal))
        {
            return true;
        }

        if (line[Command.Length..].Split(' ', 2) is [var time, var text] && text.Trim().Length > 0 && Seconds(time) is { } seconds and >= 1 and <= MaxDelaySeconds)
        {
            typed = new TypedLine(text, (int)seconds);
            return true;
        }

        mistake = Usage;
        return false;
    }

    private static long? Seconds(string time)
    {
        long unit = time switch
        {
            [.., 's'] => 1,
            [.., 'm'] => 60,
            [.., 'h'] => 3_600,
            [.., 'd'] => 86_400,
            _ => 0,
        };
        return unit > 0 && int.TryParse(time.AsSpan(0, time.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count * unit : null;
    }
}
