namespace Resilience.Storage.Internal;

/// <summary>The audit rows of one transaction: written by one statement, shown to the sinks after the commit. Used by one flow at a time.</summary>
internal sealed class AuditBatch(AuditWriter writer)
{
    private readonly List<AuditEntry> _entries = [];
    private int _written;

    public void Add(Guid request, string key, string path, string user, AuditResult result, int attempt = 0, string? error = null) =>
        _entries.Add(writer.Entry(request, key, path, user, result, attempt, error));

    public void Add(DeletionWork work, AuditResult result, string? path = null, int attempt = 0, string? error = null) =>
        Add(work.Id, work.Key, path ?? work.Entry?.Path ?? string.Empty, work.Who.UserId, result, attempt, error);

    /// <summary>Writes what was added since the last call, so that later statements of the transaction see it; sent with the next of them.</summary>
    public void Write(SqlSession session)
    {
        if (_written < _entries.Count)
        {
            writer.Write(session, _entries[_written..]);
            _written = _entries.Count;
        }
    }

    /// <summary>Takes in what was written by another batch of the same transaction.</summary>
    public void Adopt(AuditBatch written)
    {
        Systematic.Assert(_written == _entries.Count && written._written == written._entries.Count, "rows are adopted in the order in which they were written");
        _entries.AddRange(written._entries);
        _written = _entries.Count;
    }

    /// <summary>Call after the commit, and only then.</summary>
    public ValueTask PublishAsync() => _entries.Count == 0 ? ValueTask.CompletedTask : writer.PublishAsync(_entries);
}
