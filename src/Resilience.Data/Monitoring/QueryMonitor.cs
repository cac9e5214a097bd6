using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>
/// Watches database commands: how long they take, which are slow, and which patterns a scope shows. A command never fails because of the monitor.
/// </summary>
/// <remarks>Thread-safe. No parameter value is kept, logged or reported. See docs/data.md.</remarks>
public sealed class QueryMonitor
{
    private static readonly AsyncLocal<QueryScope?> Ambient = new();
    private static readonly AsyncLocal<bool> Batching = new();

    private readonly DataMetrics _metrics;
    private readonly ILogger _logger;
    private readonly ShapeTable _shapes;
    private readonly QueryWindows _windows;
    private int _sources;
    private int _failed;
    private long _commands;
    private long _slow;
    private long _findings;

    internal QueryMonitor(QueryMonitorOptions options, TimeProvider time, DataMetrics metrics, ILogger logger)
    {
        Options = options;
        Time = time;
        _metrics = metrics;
        _logger = logger;
        _shapes = new ShapeTable(options.MaxFingerprints);
        _windows = new QueryWindows(options, time);
    }

    /// <summary>Gets the state of the commands.</summary>
    public QueryHealth Health
    {
        get
        {
            Tell(_windows.Refresh());
            return new QueryHealth(
                _windows.IsDegraded, _windows.LastRatio, _windows.LastSamples, Volatile.Read(ref _sources),
                Interlocked.Read(ref _commands), Interlocked.Read(ref _slow), Interlocked.Read(ref _findings));
        }
    }

    internal QueryMonitorOptions Options { get; }

    internal TimeProvider Time { get; }

    internal static QueryScope? CurrentScope => Ambient.Value;

    /// <summary>Whether the current flow is that of a batch of several keys: its statements serve them together, and are no N+1 pattern however many there are.</summary>
    internal static bool IsBatching => Batching.Value;

    internal bool IsWatching => Options.Enabled || Ambient.Value is not null;

    /// <summary>Opens a scope for the current flow of control.</summary>
    /// <param name="name">A name from the application's own set, such as a route; never a value that users give.</param>
    /// <param name="budget">What it is measured against, or the monitor's defaults.</param>
    /// <returns>The scope; dispose it in the same method.</returns>
    public QueryScope BeginScope(string name, QueryBudget? budget = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var scope = new QueryScope(this, name, budget ?? new QueryBudget(), Ambient.Value, RandomNumberGenerator.GetInt32(int.MaxValue));
        Ambient.Value = scope;
        return scope;
    }

    /// <summary>Gets the statistics of every statement shape that ran, the most frequent first.</summary>
    /// <returns>The statistics.</returns>
    public IReadOnlyList<QueryStatistics> Snapshot() => [.. _shapes.All.Select(static s => s.Snapshot()).OrderByDescending(static s => s.Count)];

    /// <summary>Says that a source of commands reports through <see cref="Record"/>, for the health check. <see cref="MonitoredDbDataSource"/> does it by itself.</summary>
    public void SourceAdded() => Interlocked.Increment(ref _sources);

    /// <summary>
    /// Records a command that a hook of a framework (such as an EF Core interceptor) has seen to its end. A command of a <see cref="MonitoredDbDataSource"/> is
    /// counted by that already and is ignored here.
    /// </summary>
    /// <param name="command">The command, with its parameters.</param>
    /// <param name="duration">How long it took, reading included.</param>
    /// <param name="rows">Rows read, or 0.</param>
    /// <param name="error">What it failed with, or null.</param>
    public void Record(DbCommand command, TimeSpan duration, long rows = 0, Exception? error = null)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (command is MonitoredDbCommand || !IsWatching)
        {
            return;
        }

        var end = Time.GetTimestamp();
        var start = end - (long)(duration.TotalSeconds * Time.TimestampFrequency);
        var scope = CurrentScope;
        var shape = Executed(scope, command.CommandText, null, command.Parameters, start, end, error, 1);
        Finished(shape, scope, start, end, end, rows, error, null);
    }

    /// <summary>Lets the current flow, that of a batch, count in the scope of the caller that began it.</summary>
    internal static void EnterBatch(QueryScope? scope, int keys)
    {
        Ambient.Value = scope;
        Batching.Value = keys > 1;
    }

    /// <summary>Counts a run in the scope and its parents. Called once per command, when it has been executed and may still be read.</summary>
    internal QueryShape? Executed(
        QueryScope? scope, string text, QueryShape? known, DbParameterCollection? parameters, long start, long end, Exception? error, int statements)
    {
        try
        {
            var shape = known ?? _shapes.Of(text);
            for (; scope is not null; scope = scope.Parent)
            {
                scope.Add(shape, parameters, text, start, end, error is not null, statements);
            }

            return shape;
        }
        catch (Exception exception)
        {
            Failed(exception);
            return null;
        }
    }

    /// <summary>Counts the end of a run: at once when there is nothing to read, else when its reader is closed.</summary>
    internal void Finished(QueryShape? shape, QueryScope? scope, long start, long executed, long now, long rows, Exception? error, string? system)
    {
        try
        {
            var total = Time.GetElapsedTime(start, now);
            var slow = total > Options.SlowThreshold;
            shape?.Add(total, rows, slow, error is not null);
            for (; scope is not null && shape is not null; scope = scope.Parent)
            {
                scope.AddRows(shape, rows, Time.GetElapsedTime(executed, now));
            }

            Interlocked.Increment(ref _commands);
            if (shape is { IsOverflow: true })
            {
                _metrics.Overflow();
            }

            if (system is not null && _metrics.OperationEnabled)
            {
                _metrics.OperationEnded(system, total, error);
            }

            if (slow)
            {
                Interlocked.Increment(ref _slow);
                _metrics.SlowQuery();
                DataLog.SlowQuery(_logger, total.TotalMilliseconds, shape?.Statement ?? "");
            }

            Tell(_windows.Add(slow));
        }
        catch (Exception exception)
        {
            Failed(exception);
        }
    }

    internal void Completed(QueryScope scope, ScopeReport report)
    {
        if (ReferenceEquals(Ambient.Value, scope))
        {
            Ambient.Value = scope.Parent;
        }

        _metrics.ScopeEnded(report.Count);
        foreach (var finding in report.Findings)
        {
            Interlocked.Increment(ref _findings);
            _metrics.Finding(finding.Kind);
            DataLog.Finding(_logger, report.Scope, finding.Kind, finding.Count, finding.Statement);
        }
    }

    private void Tell(AlertChange change)
    {
        if (change == AlertChange.None)
        {
            return;
        }

        var raised = change == AlertChange.Raised;
        _metrics.AlertChanged(DataTelemetryNames.DegradedAlert, raised);
        if (raised)
        {
            DataLog.QueriesDegraded(_logger, _windows.LastRatio * 100, _windows.LastSamples, Options.SlowThreshold);
        }
        else
        {
            DataLog.QueriesRecovered(_logger);
        }

        try
        {
            Options.OnAlert?.Invoke(new DataAlert(DataTelemetryNames.DegradedAlert, raised));
        }
        catch (Exception exception)
        {
            DataLog.AlertCallbackFailed(_logger, exception);
        }
    }

    private void Failed(Exception exception)
    {
        _metrics.MonitorError();
        if (Interlocked.Exchange(ref _failed, 1) == 0)
        {
            DataLog.MonitorFailed(_logger, exception);
        }
    }
}
