using Microsoft.Extensions.Logging.Abstractions;

namespace Resilience.Cleanup.Tests;

/// <summary>Writes its name when it is disposed, and may throw.</summary>
internal sealed class Probe(List<string> log, string name, Exception? fault = null) : IDisposable
{
    public void Dispose()
    {
        log.Add(name);
        if (fault is not null)
        {
            throw fault;
        }
    }
}

/// <summary>Writes its name when it is disposed, at once or after a yield, and may throw.</summary>
internal sealed class AsyncProbe(List<string> log, string name, bool yields = false, Exception? fault = null) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        if (yields)
        {
            await Task.Yield();
        }

        log.Add(name);
        if (fault is not null)
        {
            throw fault;
        }
    }
}

/// <summary>Can be disposed both ways.</summary>
internal sealed class BothProbe(List<string> log) : IDisposable, IAsyncDisposable
{
    public void Dispose() => log.Add("sync");

    public ValueTask DisposeAsync()
    {
        log.Add("async");
        return ValueTask.CompletedTask;
    }
}

/// <summary>Scopes whose steps have an hour: a machine that stands still for as long as a step may take by default gives nothing up.</summary>
internal static class PatientScopes
{
    private static readonly CleanupScopeFactory Factory = new(
        new CleanupScopeOptions { StepTimeout = TimeSpan.FromHours(1), Deadline = TimeSpan.FromHours(1) }, TimeProvider.System, NullLogger<CleanupScope>.Instance);

    public static CleanupScope Create() => Factory.Create();
}
