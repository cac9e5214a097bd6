using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Resilience.Data.Tests.Support;

/// <summary>The recipe of docs/data.md: EF Core tells the monitor of each command when it is over.</summary>
internal sealed class MonitoringInterceptor : DbCommandInterceptor
{
    private readonly QueryMonitor _monitor;

    public MonitoringInterceptor(QueryMonitor monitor)
    {
        _monitor = monitor;
        monitor.SourceAdded();
    }

    public override InterceptionResult DataReaderClosing(DbCommand command, DataReaderClosingEventData eventData, InterceptionResult result)
    {
        Done(command, eventData);
        return result;
    }

    public override ValueTask<InterceptionResult> DataReaderClosingAsync(DbCommand command, DataReaderClosingEventData eventData, InterceptionResult result)
    {
        Done(command, eventData);
        return ValueTask.FromResult(result);
    }

    public override int NonQueryExecuted(DbCommand command, CommandExecutedEventData eventData, int result)
    {
        _monitor.Record(command, eventData.Duration);
        return result;
    }

    public override ValueTask<int> NonQueryExecutedAsync(DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(NonQueryExecuted(command, eventData, result));

    public override object? ScalarExecuted(DbCommand command, CommandExecutedEventData eventData, object? result)
    {
        _monitor.Record(command, eventData.Duration);
        return result;
    }

    public override ValueTask<object?> ScalarExecutedAsync(DbCommand command, CommandExecutedEventData eventData, object? result, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(ScalarExecuted(command, eventData, result));

    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData) => _monitor.Record(command, eventData.Duration, error: eventData.Exception);

    public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        CommandFailed(command, eventData);
        return Task.CompletedTask;
    }

    /// <summary>EF Core counts the read that found the end, too.</summary>
    private void Done(DbCommand command, DataReaderClosingEventData closing) =>
        _monitor.Record(command, TimeProvider.System.GetUtcNow() - closing.StartTime, Math.Max(0, closing.ReadCount - 1));
}
