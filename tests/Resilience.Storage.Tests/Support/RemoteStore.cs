using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Support;

/// <summary>An object store as a user might write it: no handles, no folders, no quarantine; every call takes a while, and each object has a version.</summary>
public sealed class RemoteStore : IDeletableStore
{
    private readonly ConcurrentDictionary<string, int> _objects = new(StringComparer.Ordinal);
    private int _version;

    public FaultScript Script { get; } = new();

    public ICollection<string> Names => _objects.Keys;

    public void Put(string path) => _objects[path] = Interlocked.Increment(ref _version);

    public async ValueTask<FileProbe> ProbeAsync(string path, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return _objects.TryGetValue(path, out var version)
            ? new FileProbe(FileProbeKind.File, Identity(version), 1, DateTimeOffset.UnixEpoch, 1, null)
            : FileProbe.Missing;
    }

    public async ValueTask<FileRemoval> DeleteAsync(string path, FileIdentity expected, CancellationToken cancellationToken)
    {
        try
        {
            return await Script.RunAsync("delete", () => RemoveAsync(path, expected), cancellationToken);
        }
        catch (InjectedFaultException exception)
        {
            throw new FileAttemptException("throttled", exception);
        }
    }

    public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var name in _objects.Keys)
        {
            await Task.Yield();
            yield return name;
        }
    }

    private static FileIdentity Identity(int version) => new($"v{version}");

    private async ValueTask<FileRemoval> RemoveAsync(string path, FileIdentity expected)
    {
        await Task.Yield();
        if (!_objects.TryGetValue(path, out var version))
        {
            return FileRemoval.Missing;
        }

        return Identity(version) == expected && _objects.TryRemove(new(path, version)) ? FileRemoval.Removed : FileRemoval.Changed;
    }
}
