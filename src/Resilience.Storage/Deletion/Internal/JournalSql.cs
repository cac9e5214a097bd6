namespace Resilience.Storage.Internal;

/// <summary>The journal's statements that more than one step needs.</summary>
internal static class JournalSql
{
    /// <summary>Inserts rows; gives the ids of those that no live deletion stood in the way of.</summary>
    public static async Task<HashSet<string>> InsertAsync(
        SqlSession session, IEnumerable<JournalEntry> entries, FileDeletionOptions options, InstanceId instance, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var ids = await session.QueryAsync(
            "journal_insert",
            static r => r.GetString(0),
            cancellationToken,
            ("@root", options.RootName),
            ("@owner", instance.Value),
            ("@lease", (now + options.LeaseDuration).ToUnixTimeMilliseconds()),
            ("@now", now.ToUnixTimeMilliseconds()),
            ("@rows", JsonParameter.Rows(entries, static (writer, entry) =>
            {
                writer.WriteStringValue(entry.Id);
                writer.WriteStringValue(entry.Key);
                writer.WriteStringValue(entry.Path);
                writer.WriteStringValue(entry.Identity.ToString());
                writer.WriteStringValue(entry.Snapshot);
                writer.WriteStringValue(entry.UserId);
                writer.WriteNumberValue((int)entry.Kind);
            }))).ConfigureAwait(Systematic.KeepContext);
        return ids.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Locks the live rows among these that belong to this process; the answer has their ids.</summary>
    public static SqlRows<string> AskOwn(SqlSession session, IEnumerable<string> ids, InstanceId instance) =>
        session.Ask("journal_lock", static r => r.GetString(0), ("@ids", JsonParameter.List(ids)), ("@owner", instance.Value));

    /// <summary>Removes rows whose files are gone, what is left of their records, and writes the success, all in the session's transaction.</summary>
    public static async Task CompleteAsync(
        SqlSession session, IRecordAdapter records, IReadOnlyList<JournalEntry> entries, InstanceId instance, CancellationToken cancellationToken)
    {
        var ofRecords = entries.Where(static e => e.Kind == JournalKind.Record).ToList();
        if (ofRecords.Count > 0)
        {
            await records.CompleteAsync(session, ofRecords, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        session.Tell("journal_remove", ("@ids", JsonParameter.List(entries.Select(static e => e.Id))), ("@owner", instance.Value));
    }
}
