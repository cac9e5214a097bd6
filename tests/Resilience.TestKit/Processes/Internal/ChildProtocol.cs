namespace Resilience.TestKit.Processes.Internal;

/// <summary>The lines between parent and child. A line that does not begin with the mark is ordinary output.</summary>
internal static class ChildProtocol
{
    public const string Ready = "@child ready";
    public const string Stop = "@child stop";
    public const int ScenarioFailed = 70;
    private const string Prefix = "@child message ";

    public static string Message(string text) =>
        Prefix + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal);

    public static string? TryMessage(string line)
    {
        if (!line.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var text = new System.Text.StringBuilder(line.Length);
        for (var i = Prefix.Length; i < line.Length; i++)
        {
            text.Append(line[i] != '\\' ? line[i] : line[++i] switch { 'n' => '\n', 'r' => '\r', var other => other });
        }

        return text.ToString();
    }
}
