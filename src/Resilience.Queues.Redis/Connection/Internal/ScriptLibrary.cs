using System.Collections.Concurrent;
using System.Text;

namespace Resilience.Queues.Redis;

/// <summary>
/// The scripts of the package, from the files that are embedded in it. A line <c>--#include name</c> stands for another file; comments are left out of what the
/// server gets. Thread-safe.
/// </summary>
internal sealed class ScriptLibrary
{
    /// <summary>The one line by which every script learns the time.</summary>
    public const string TimeLine = "local time = redis.call('TIME')";

    private const string Include = "--#include ";

    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly string _timeLine;

    private ScriptLibrary(string timeLine) => _timeLine = timeLine;

    /// <summary>The scripts as they are shipped.</summary>
    public static ScriptLibrary Shipped { get; } = new(TimeLine);

    /// <summary>The same scripts with another source of time, for tests.</summary>
    public static ScriptLibrary WithTime(string line) => new(line);

    /// <summary>The text that the server gets.</summary>
    public string Get(string name) => _texts.GetOrAdd(name, static (name, library) => library.Load(name), this);

    private static string Read(string file)
    {
        using var stream = typeof(ScriptLibrary).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The script {file} is not embedded.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private string Load(string name)
    {
        var text = new StringBuilder();
        Append(name, text);
        return text.ToString();
    }

    private void Append(string name, StringBuilder text)
    {
        foreach (var line in Read(name + ".lua").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith(Include, StringComparison.Ordinal))
            {
                Append(line[Include.Length..].Trim(), text);
            }
            else if (line == TimeLine)
            {
                text.Append(_timeLine).Append('\n');
            }
            else if (!line.StartsWith("--", StringComparison.Ordinal))
            {
                text.Append(line).Append('\n');
            }
        }
    }
}
