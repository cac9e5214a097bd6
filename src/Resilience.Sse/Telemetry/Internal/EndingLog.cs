using Microsoft.Extensions.Logging;

namespace Resilience.Sse;

/// <summary>One line per ended stream, up to a hundred a second; the rest of the second becomes one line with sums. Thread-safe; the lock guards the sums.</summary>
internal sealed class EndingLog(ILogger logger)
{
    private const int LinesPerTurn = 100;

    private readonly Lock _gate = new();
    private readonly Dictionary<SseCloseReason, int> _more = [];
    private int _lines;

    public void Write(SseConnection connection)
    {
        lock (_gate)
        {
            if (_lines >= LinesPerTurn)
            {
                _more[connection.CloseReason] = _more.GetValueOrDefault(connection.CloseReason) + 1;
                return;
            }

            _lines++;
        }

        SseLog.StreamEnded(
            logger,
            connection.Id,
            connection.Settings.Name,
            connection.Age.TotalMilliseconds,
            connection.UserId,
            connection.Events,
            connection.Errors,
            CloseReasons.Name(connection.CloseReason));
    }

    /// <summary>Called once a second by the wheel's timer, and at the end.</summary>
    public void Turn()
    {
        var count = 0;
        var reasons = string.Empty;
        lock (_gate)
        {
            _lines = 0;
            if (_more.Count > 0)
            {
                count = _more.Values.Sum();
                reasons = string.Join(", ", _more.Select(static m => $"{CloseReasons.Name(m.Key)} {m.Value}"));
                _more.Clear();
            }
        }

        if (count > 0)
        {
            SseLog.StreamsEnded(logger, count, reasons);
        }
    }
}
