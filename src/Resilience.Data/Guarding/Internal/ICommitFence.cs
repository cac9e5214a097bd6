namespace Resilience.Data;

/// <summary>
/// What is done to the cache around a commit: begun before it, disposed after it. Neither throws because a shared store is down: the commit stands either way.
/// </summary>
internal interface ICommitFence
{
    ValueTask<IAsyncDisposable> BeginWriteAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, CancellationToken cancellationToken);
}
