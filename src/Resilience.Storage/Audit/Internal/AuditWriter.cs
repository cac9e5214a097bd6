using Microsoft.Extensions.Logging;

namespace Resilience.Storage.Internal;

/// <summary>Writes audit rows and shows them to the sinks. Safe for concurrent use.</summary>
internal sealed class AuditWriter(
    FileDeletionOptions options, InstanceId instance, IEnumerable<IDeletionAuditSink> sinks, StorageMetrics metrics, ILogger<AuditWriter> logger, TimeProvider time)
{
    private readonly IDeletionAuditSink[] _sinks = [.. sinks];

    public AuditBatch Begin() => new(this);

    public AuditEntry Entry(Guid request, string key, string path, string user, AuditResult result, int attempt, string? error) =>
        new(0, time.GetUtcNow(), request, StoragePath.Printable(key), StoragePath.Printable(path), StoragePath.Printable(user), result, attempt, error, instance.Value);

    /// <summary>The rows go with the session's next statement.</summary>
    public void Write(SqlSession session, IReadOnlyList<AuditEntry> entries) => session.Tell(
        "audit_insert",
        ("@root", options.RootName),
        ("@instance", instance.Value),
        ("@rows", JsonParameter.Rows(entries.Index(), static (writer, item) =>
        {
            var (index, entry) = item;
            writer.WriteNumberValue(entry.OccurredAt.ToUnixTimeMilliseconds());
            writer.WriteStringValue(entry.RequestId);
            writer.WriteStringValue(entry.RecordKey);
            writer.WriteStringValue(entry.Path);
            writer.WriteStringValue(entry.UserId);
            writer.WriteStringValue(entry.Result.ToString());
            writer.WriteNumberValue(entry.Attempt);
            writer.WriteStringValue(entry.ErrorCode);
            writer.WriteNumberValue(index);
        })));

    /// <summary>One row in a transaction of its own.</summary>
    public async Task WriteNowAsync(
        StorageDatabase database, Guid request, string path, string user, AuditResult result, CancellationToken cancellationToken, string? error = null)
    {
        AuditEntry[] entries = [Entry(request, string.Empty, path, user, result, 0, error)];
        var session = await database.BeginAsync(options.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            Write(session, entries);
            await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        await PublishAsync(entries).ConfigureAwait(Systematic.KeepContext);
    }

    public async ValueTask PublishAsync(IReadOnlyList<AuditEntry> entries)
    {
        foreach (var sink in _sinks)
        {
            try
            {
                await sink.WriteAsync(entries, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            }
            catch (Exception exception)
            {
                // The trail itself is committed; a copy that was not taken must not change what the caller is told.
                metrics.SinkFailed();
                StorageLog.SinkFailed(logger, sink.GetType().Name, exception);
            }
        }
    }
}
