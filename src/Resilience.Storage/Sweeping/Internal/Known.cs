namespace Resilience.Storage.Internal;

/// <summary>The question that decides between a file and an orphan: does anything in the database know this path?</summary>
internal static class Known
{
    /// <summary>Records and deletions. The session must see one moment: a record that comes back between two questions would be missed by both.</summary>
    public static Task<HashSet<string>> InRecordsAndJournalAsync(
        SqlSession session, IRecordAdapter records, IDeletableStore store, FileDeletionOptions options, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        AskAsync(session, records, store, options, "known_in_journal", paths, cancellationToken);

    /// <summary>Records, deletions and uploads: for a first look, which may err on either side.</summary>
    public static Task<HashSet<string>> AnywhereAsync(
        SqlSession session, IRecordAdapter records, IDeletableStore store, FileDeletionOptions options, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        AskAsync(session, records, store, options, "known_elsewhere", paths, cancellationToken);

    private static async Task<HashSet<string>> AskAsync(
        SqlSession session,
        IRecordAdapter records,
        IDeletableStore store,
        FileDeletionOptions options,
        string elsewhere,
        IReadOnlyCollection<string> paths,
        CancellationToken cancellationToken)
    {
        var known = (await records.KnownPathsAsync(session, paths, cancellationToken).ConfigureAwait(Systematic.KeepContext)).ToHashSet(StringComparer.Ordinal);
        known.UnionWith(await InTablesAsync(session, options, elsewhere, paths, cancellationToken).ConfigureAwait(Systematic.KeepContext));
        if (!store.IgnoresCase || paths.Where(path => !known.Contains(path)).ToLookup(static p => p.ToLowerInvariant(), StringComparer.Ordinal) is not { Count: > 0 } rest)
        {
            return known;
        }

        // The same file under a name that is spelt otherwise. Paths are ASCII, so lower case means the same here and in the database.
        var lower = rest.Select(static r => r.Key).ToList();
        var found = (await records.KnownLowerPathsAsync(session, lower, cancellationToken).ConfigureAwait(Systematic.KeepContext)).ToHashSet(StringComparer.Ordinal);
        found.UnionWith(await InTablesAsync(session, options, elsewhere + "_lower", lower, cancellationToken).ConfigureAwait(Systematic.KeepContext));
        known.UnionWith(found.SelectMany(path => rest[path]));
        return known;
    }

    private static Task<List<string>> InTablesAsync(
        SqlSession session, FileDeletionOptions options, string name, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        session.QueryAsync(
            name, static r => r.GetString(0), cancellationToken, ("@root", options.RootName), ("@paths", JsonParameter.List(paths)));
}
