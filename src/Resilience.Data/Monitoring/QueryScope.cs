using System.Data.Common;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>
/// Counts the commands of a piece of work, such as a request: what runs in the flow of control that opened it, and in what that flow starts.
/// </summary>
/// <remarks>
/// Open it in the method whose work it measures: a scope opened inside an awaited method is not seen by its caller. Scopes nest; a command counts in all of them.
/// What a batch loader runs counts in the scope of the caller that began the batch.
/// Thread-safe: the lock guards the entries, and nothing is called under it.
/// </remarks>
public sealed class QueryScope : IDisposable
{
    private const int MaxCaptured = 10_000;

    private readonly Lock _lock = new();
    private readonly QueryMonitor _monitor;
    private readonly QueryBudget _budget;
    private readonly Dictionary<QueryShape, ScopeEntry> _entries = [];
    private readonly Dictionary<string, string> _allowed = new(StringComparer.Ordinal);
    private readonly List<CapturedQuery> _captured = [];
    private readonly int _salt;
    private int _count;
    private ScopeReport? _report;

    internal QueryScope(QueryMonitor monitor, string name, QueryBudget budget, QueryScope? parent, int salt)
    {
        _monitor = monitor;
        _budget = budget;
        _salt = salt;
        Name = name;
        Parent = parent;
    }

    /// <summary>Gets the scope's name.</summary>
    public string Name { get; }

    /// <summary>Gets how many statements ran so far.</summary>
    public int Count => Volatile.Read(ref _count);

    internal QueryScope? Parent { get; }

    /// <summary>Excuses a statement: it is counted, but gives no finding.</summary>
    /// <param name="statementFingerprint">A part of its shape, as reports show it.</param>
    /// <param name="reason">Why it is right.</param>
    public void Allow(string statementFingerprint, string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(statementFingerprint);
        ArgumentException.ThrowIfNullOrEmpty(reason);
        lock (_lock)
        {
            _allowed[statementFingerprint] = reason;
        }
    }

    /// <summary>Ends the scope and judges it. Later calls give the same report.</summary>
    /// <returns>What the scope saw.</returns>
    public ScopeReport Complete()
    {
        ScopeReport report;
        lock (_lock)
        {
            if (_report is not null)
            {
                return _report;
            }

            var judge = new ScopeJudge(_budget, _monitor.Options, Name, _allowed.Keys);
            report = _report = judge.Report([.. _entries.Values.OrderBy(static e => e.Order)], Count, [.. _captured]);
        }

        _monitor.Completed(this, report);
        return report;
    }

    /// <summary>Ends the scope.</summary>
    public void Dispose() => Complete();

    internal void Add(QueryShape shape, DbParameterCollection? parameters, string text, long start, long end, bool failed, int statements)
    {
        var values = ParameterHash.Of(parameters, _salt);
        var duration = _monitor.Time.GetElapsedTime(start, end);
        var captured = _budget.Capture && parameters is not null ? new CapturedQuery(text, shape.Statement, CapturedParameter.Of(parameters)) : null;
        var batched = QueryMonitor.IsBatching;
        Systematic.Interleave("scope.add");
        lock (_lock)
        {
            if (_report is not null)
            {
                return;
            }

            _count += statements;
            if (!_entries.TryGetValue(shape, out var entry))
            {
                _entries.Add(shape, entry = new ScopeEntry(shape, _entries.Count));
            }

            entry.Add(values, start, end, duration, failed, statements, batched);
            if (captured is not null && _captured.Count < MaxCaptured)
            {
                _captured.Add(captured);
            }
        }
    }

    internal void AddRows(QueryShape shape, long rows, TimeSpan reading)
    {
        lock (_lock)
        {
            if (_report is null && _entries.TryGetValue(shape, out var entry))
            {
                entry.AddRows(rows, reading);
            }
        }
    }
}
