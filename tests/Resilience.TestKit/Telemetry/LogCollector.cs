using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Resilience.TestKit.Internal;
using Resilience.TestKit.Telemetry.Internal;

namespace Resilience.TestKit;

/// <summary>Keeps every log entry with its event id and structured values. It is a provider (<c>logging.AddProvider(logs)</c>) and a factory for code under test without a host.</summary>
/// <remarks>Thread-safe. The lock guards the list and calls nobody. Entries below <see cref="MinimumLevel"/> are not enabled.</remarks>
public sealed class LogCollector : ILoggerProvider, ILoggerFactory, ISupportExternalScope
{
    private readonly Lock _gate = new();
    private readonly List<LogRecord> _records = [];
    private readonly ChangeSignal _changed = new();

    /// <summary>The lowest level that is enabled.</summary>
    /// <value>Trace.</value>
    public LogLevel MinimumLevel { get; set; } = LogLevel.Trace;

    /// <summary>All entries so far.</summary>
    public IReadOnlyList<LogRecord> Records
    {
        get
        {
            lock (_gate)
            {
                return [.. _records];
            }
        }
    }

    internal IExternalScopeProvider Scopes { get; private set; } = new LoggerExternalScopeProvider();

    /// <summary>The entries with this event id.</summary>
    /// <param name="eventId">Number of the event.</param>
    public IReadOnlyList<LogRecord> Of(int eventId) => [.. Records.Where(record => record.EventId.Id == eventId)];

    /// <summary>The entries of this level or a higher one.</summary>
    /// <param name="level">For example Warning.</param>
    public IReadOnlyList<LogRecord> AtLeast(LogLevel level) => [.. Records.Where(record => record.Level >= level)];

    /// <summary>A typed logger that writes here.</summary>
    /// <typeparam name="T">Its category.</typeparam>
    public ILogger<T> CreateLogger<T>() => new Logger<T>(this);

    /// <inheritdoc cref="ILoggerProvider.CreateLogger"/>
    public ILogger CreateLogger(string categoryName) => new CollectingLogger(this, categoryName);

    /// <summary>Forgets what was collected.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _records.Clear();
        }
    }

    /// <summary>Waits for the n-th entry with an event id.</summary>
    /// <param name="eventId">Number of the event.</param>
    /// <param name="count">1 or more.</param>
    /// <returns>That entry.</returns>
    /// <exception cref="WatchdogException">It did not come within 30 s; the message shows the last entries.</exception>
    public async Task<LogRecord> WhenAsync(int eventId, int count = 1)
    {
        await WhenAsync(logs => logs.Of(eventId).Count >= count, $"log event {eventId} (number {count})").ConfigureAwait(false);
        return Of(eventId)[count - 1];
    }

    /// <summary>Waits until the entries fulfil a condition; asked again after every entry.</summary>
    /// <param name="condition">Asked on any thread, without a lock.</param>
    /// <param name="what">Named in the failure; the text of the condition by default.</param>
    /// <exception cref="WatchdogException">It did not happen within 30 s; the message shows the last entries.</exception>
    public Task WhenAsync(Func<LogCollector, bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        ArgumentNullException.ThrowIfNull(condition);
        return _changed.UntilAsync(() => condition(this), what, () => string.Join(Environment.NewLine, Records.TakeLast(20)));
    }

    /// <inheritdoc/>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => Scopes = scopeProvider;

    /// <summary>Not supported: the collector is the only target.</summary>
    /// <param name="provider">Refused.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Add the collector to a logging builder instead.");

    /// <summary>Does nothing: entries that come late are still collected and stay readable.</summary>
    public void Dispose()
    {
    }

    internal void Add(LogRecord record)
    {
        lock (_gate)
        {
            _records.Add(record);
        }

        _changed.Pulse();
    }
}
