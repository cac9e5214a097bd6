using System.Data.Common;
using System.Text.Json;

namespace Resilience.Storage.Internal;

/// <summary>Reads, exports and prunes the audit trail. Safe for concurrent use.</summary>
internal sealed class DeletionAudit(StorageDatabase database, StorageInitializer initializer, FileDeletionOptions options, TimeProvider time) : IDeletionAudit
{
    private const int PageSize = 1000;

    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(long after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageSize);
        await initializer.EnsureSchemaAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            return await session.QueryAsync(
                "audit_page", Read, cancellationToken, ("@root", options.RootName), ("@after", after), ("@max", limit)).ConfigureAwait(Systematic.KeepContext);
        }
    }

    public async Task<long> ExportAsync(Stream destination, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var after = 0L;
        var count = 0L;
        while (true)
        {
            // A page is read whole before it is written: a slow reader of the export holds no connection.
            var page = await ReadAsync(after, PageSize, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (page.Count == 0)
            {
                return count;
            }

            using var buffer = new MemoryStream();
            foreach (var entry in page)
            {
                WriteLine(buffer, entry);
            }

            await destination.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), cancellationToken).ConfigureAwait(Systematic.KeepContext);
            after = page[^1].Id;
            count += page.Count;
        }
    }

    public async Task<long> PruneAsync(CancellationToken cancellationToken)
    {
        await initializer.EnsureSchemaAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var before = (time.GetUtcNow() - options.AuditRetention).ToUnixTimeMilliseconds();
        var total = 0L;
        while (true)
        {
            var session = await database.BeginAsync(options.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            await using (session.ConfigureAwait(Systematic.KeepContext))
            {
                var removed = await session.ExecuteAsync("audit_prune", cancellationToken, ("@root", options.RootName), ("@before", before), ("@max", PageSize)).ConfigureAwait(Systematic.KeepContext);
                if (total == 0)
                {
                    await session.ExecuteAsync("journal_prune", cancellationToken, ("@root", options.RootName), ("@before", before)).ConfigureAwait(Systematic.KeepContext);
                }

                await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
                total += removed;
                if (removed < PageSize)
                {
                    return total;
                }
            }
        }
    }

    private static AuditEntry Read(DbDataReader reader) => new(
        reader.GetInt64(0),
        DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(1)),
        Guid.Parse(reader.GetString(2)),
        reader.GetString(3),
        reader.GetString(4),
        reader.GetString(5),
        // A newer release may have written a result that this one has no name for.
        Enum.TryParse<AuditResult>(reader.GetString(6), out var result) ? result : (AuditResult)(-1),
        reader.GetInt32(7),
        reader.IsDBNull(8) ? null : reader.GetString(8),
        reader.GetString(9));

    private static void WriteLine(Stream destination, AuditEntry entry)
    {
        using (var writer = new Utf8JsonWriter(destination))
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", entry.Id);
            writer.WriteString("occurredAt", entry.OccurredAt);
            writer.WriteString("requestId", entry.RequestId);
            writer.WriteString("recordKey", entry.RecordKey);
            writer.WriteString("path", entry.Path);
            writer.WriteString("userId", entry.UserId);
            writer.WriteString("result", entry.Result.ToString());
            writer.WriteNumber("attempt", entry.Attempt);
            writer.WriteString("errorCode", entry.ErrorCode);
            writer.WriteString("instance", entry.Instance);
            writer.WriteEndObject();
        }

        destination.WriteByte((byte)'\n');
    }
}
