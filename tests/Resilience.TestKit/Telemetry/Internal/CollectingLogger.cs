using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Resilience.TestKit.Telemetry.Internal;

/// <summary>The logger of one category; hands each entry to the collector.</summary>
internal sealed class CollectingLogger(LogCollector collector, string category) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => collector.Scopes.Push(state);

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && logLevel >= collector.MinimumLevel;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        // The state object of a LoggerMessage is reused by its maker: copy the values now.
        var values = state is IEnumerable<KeyValuePair<string, object?>> pairs ? pairs.ToArray() : [];
        var scopes = new List<string>();
        collector.Scopes.ForEachScope(static (scope, list) => list.Add(Convert.ToString(scope, CultureInfo.InvariantCulture) ?? ""), scopes);
        collector.Add(new LogRecord(category, logLevel, eventId, formatter(state, exception), exception, values, scopes));
    }
}
