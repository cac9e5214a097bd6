using Microsoft.Extensions.Logging;

namespace Resilience.Sse.Tests.Support;

/// <summary>A log provider that throws at one event.</summary>
internal sealed class ThrowingLogs(int eventId) : ILoggerProvider, ILogger
{
    private int _thrown;

    public int Thrown => Volatile.Read(ref _thrown);

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (id.Id == eventId)
        {
            Interlocked.Increment(ref _thrown);
            throw new InvalidOperationException("provider");
        }
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    public void Dispose()
    {
    }
}
