using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Resilience.Shared;

namespace Resilience.Data.Testing;

/// <summary>Statements of the package itself, past the monitor.</summary>
internal static class Plain
{
    public static ValueTask<DbConnection> OpenAsync(DbDataSource source, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        return (source is MonitoredDbDataSource monitored ? monitored.Inner : source).OpenConnectionAsync(cancellationToken);
    }

    [SuppressMessage("Security", "CA2100", Justification = "The text is this package's own, or EXPLAIN of a command that has run.")]
    public static async Task<List<object[]>> QueryAsync(
        DbConnection connection, DbTransaction? transaction, string text, CapturedQuery? parameters, CancellationToken cancellationToken)
    {
        var command = connection.CreateCommand();
        await using (command.ConfigureAwait(Systematic.KeepContext))
        {
            command.CommandText = text;
            command.Transaction = transaction;
            parameters?.AddParametersTo(command);
            var rows = new List<object[]>();
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await using (reader.ConfigureAwait(Systematic.KeepContext))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))
                {
                    var row = new object[reader.FieldCount];
                    reader.GetValues(row);
                    rows.Add(row);
                }
            }

            return rows;
        }
    }
}
