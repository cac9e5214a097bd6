using Microsoft.Extensions.Logging;

namespace Resilience.TestKit;

/// <summary>One log entry that a <see cref="LogCollector"/> received.</summary>
/// <param name="Category">Name of the logger.</param>
/// <param name="Level">Its level.</param>
/// <param name="EventId">Number and name of the event.</param>
/// <param name="Message">The formatted text.</param>
/// <param name="Exception">The exception that was logged with it, if any.</param>
/// <param name="State">The structured values; the template under <c>{OriginalFormat}</c>.</param>
/// <param name="Scopes">The texts of the scopes that were open, the outermost first.</param>
public sealed record LogRecord(
    string Category,
    LogLevel Level,
    EventId EventId,
    string Message,
    Exception? Exception,
    IReadOnlyList<KeyValuePair<string, object?>> State,
    IReadOnlyList<string> Scopes)
{
    /// <summary>The structured value with this name; null when there is none.</summary>
    /// <param name="name">Name of the placeholder.</param>
    public object? this[string name] => State.FirstOrDefault(pair => pair.Key == name).Value;

    /// <summary>Level, id, category and message on one line, for failure texts.</summary>
    public override string ToString() => $"{Level} {EventId.Id} {Category}: {Message}{(Exception is null ? "" : $" [{Exception.GetType().Name}: {Exception.Message}]")}";
}
