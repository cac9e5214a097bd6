namespace Resilience.Storage.Internal;

/// <summary>
/// Deletes the files of a batch and flushes their folders. A disk takes its time for each and does several at once (flushes that wait together are done together), so
/// the folders of a batch are shared out among threads; what belongs to one folder stays with one of them, in order: unlink, then flush. Each outcome is
/// <see cref="StepKind.Removed"/> (gone, durably), <see cref="StepKind.AttemptFailed"/>, or <see cref="StepKind.Later"/>. Safe for concurrent use; the journal rows
/// are locked by the caller meanwhile.
/// </summary>
internal sealed class FileRemover(IDeletableStore store, RootGuard root, TimeProvider time) : IDisposable
{
    private const int MaxThreads = 16;

    // On SQLite the caller's transaction holds the one write lock: others get their turn after this, however slow the disk.
    private static readonly TimeSpan SqliteSlice = TimeSpan.FromMilliseconds(20);

    private readonly DiskThreads _threads = new(MaxThreads);

    public Task RunAsync(IReadOnlyList<DeletionWork> works, SqlDialect dialect, CancellationToken cancellationToken)
    {
        var slice = new Slice(time, dialect == SqlDialect.Sqlite ? SqliteSlice : Timeout.InfiniteTimeSpan);
        return store is IConfinedFiles ? ByFoldersAsync(works, slice, cancellationToken) : SideBySideAsync(works, slice, cancellationToken);
    }

    public void Dispose() => _threads.Dispose();

    private static FileAttemptException AsFailure(Exception exception) =>
        exception as FileAttemptException ?? new FileAttemptException(exception is UnauthorizedAccessException ? "EACCES" : "io_error", exception);

    private static string FolderOf(DeletionWork work)
    {
        var path = work.Entry!.Path;
        var end = path.LastIndexOf('/');
        return end < 0 ? string.Empty : path[..end];
    }

    private async Task ByFoldersAsync(IReadOnlyList<DeletionWork> works, Slice slice, CancellationToken cancellationToken)
    {
        var folders = works.GroupBy(FolderOf, StringComparer.Ordinal).Select(static g => g.ToList()).ToList();
        var next = -1;
        if (works.Count < 2)
        {
            await FoldersAsync().ConfigureAwait(Systematic.KeepContext);
            return;
        }

        // All have ended when this does, whatever one of them threw: nobody unlinks after the transaction.
        await _threads.RunAsync(Math.Min(MaxThreads, folders.Count), FoldersAsync).ConfigureAwait(Systematic.KeepContext);

        async Task FoldersAsync()
        {
            for (var i = Interlocked.Increment(ref next); i < folders.Count; i = Interlocked.Increment(ref next))
            {
                foreach (var work in folders[i])
                {
                    await UnlinkAsync(work, slice, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                }

                await FlushAsync(folders[i], cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
        }
    }

    private async Task SideBySideAsync(IReadOnlyList<DeletionWork> works, Slice slice, CancellationToken cancellationToken)
    {
        // A remote store waits for a network, not for a thread.
        await Task.WhenAll(works.Select(work => UnlinkAsync(work, slice, cancellationToken))).ConfigureAwait(Systematic.KeepContext);
        await FlushAsync(works, cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    private async Task UnlinkAsync(DeletionWork work, Slice slice, CancellationToken cancellationToken)
    {
        if (!slice.TryTake())
        {
            work.Outcome = new(StepKind.Later);
            return;
        }

        try
        {
            var removal = await store.DeleteAsync(work.Entry!.Path, work.Entry.Identity, cancellationToken).ConfigureAwait(Systematic.KeepContext);
            if (removal == FileRemoval.Changed)
            {
                throw new FileAttemptException("identity_changed", isRetryable: false);
            }

            if (removal == FileRemoval.Missing)
            {
                await root.RequireMarkerAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }

            work.Outcome = new(StepKind.Removed);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            work.Outcome = new(StepKind.AttemptFailed, default, AsFailure(exception));
        }
    }

    private async Task FlushAsync(IReadOnlyList<DeletionWork> works, CancellationToken cancellationToken)
    {
        var removed = works.Where(static w => w.Outcome.Kind == StepKind.Removed).ToList();
        if (removed.Count == 0)
        {
            return;
        }

        try
        {
            await store.FlushAsync([.. removed.Select(static w => w.Entry!.Path)], cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            foreach (var work in removed)
            {
                work.Outcome = new(StepKind.AttemptFailed, default, AsFailure(exception));
            }
        }
    }

    /// <summary>Who may still begin: the first always, others while the time lasts. Safe for concurrent use.</summary>
    private sealed class Slice(TimeProvider time, TimeSpan length)
    {
        private readonly long _started = time.GetTimestamp();
        private int _taken;

        public bool TryTake()
        {
            var isFirst = Interlocked.Exchange(ref _taken, 1) == 0;
            return isFirst || length == Timeout.InfiniteTimeSpan || time.GetElapsedTime(_started) <= length;
        }
    }
}
