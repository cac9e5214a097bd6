namespace Resilience.Storage.Internal;

/// <summary>The question that decides between a file and an orphan: does anything in the database know this path?</summary>
internal static class Known
{
    /// <summary>Records and deletions. The session must see one moment: a record that comes back between two questions would be missed by both.</summary>
    public static async Task<HashSet<string>> InRecordsAndJournalAsync(
        SqlSession session, IRecordAdapter records, FileDeletionOptions options, IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        var known = (await records.KnownPathsAsync(session, paths, cancellationToken).ConfigureAwait(Systematic.KeepContext)).ToHashSet(StringComparer.Ordinal);
        known.UnionWith(await session.QueryAsync(
            "known_in_journal",
            static r => r.GetString(0),
            cancellationToken,
            ("@root", options.RootName),
            ("@paths", JsonParameter.List(paths))).ConfigureAwait(Systematic.KeepContext));
        return known;
    }

    /// <summary>Records, deletions and uploads: for a first look, which may err on either side.</summary>
    public static async Task<HashSet<string>> AnywhereAsync(
        SqlSession session, IRecordAdapter records, FileDeletionOptions options, IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        var known = (await records.KnownPathsAsync(session, paths, cancellationToken).ConfigureAwait(Systematic.KeepContext)).ToHashSet(StringComparer.Ordinal);
        known.UnionWith(await session.QueryAsync(
            "known_elsewhere",
            static r => r.GetString(0),
            cancellationToken,
            ("@root", options.RootName),
            ("@paths", JsonParameter.List(paths))).ConfigureAwait(Systematic.KeepContext));
        return known;
    }
}
