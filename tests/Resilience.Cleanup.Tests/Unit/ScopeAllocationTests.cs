namespace Resilience.Cleanup.Tests.Unit;

public sealed class ScopeAllocationTests
{
    /// <summary>Cleanup S9; the time is shown by a benchmark.</summary>
    [Fact]
    public void Closing_five_synchronous_steps_allocates_nothing()
    {
        var scopes = Enumerable.Range(0, 200).Select(static _ => Build()).ToArray();
        foreach (var scope in scopes.AsSpan(0, 100))
        {
            Close(scope);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var scope in scopes.AsSpan(100))
        {
            Close(scope);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static CleanupScope Build()
    {
        var scope = new CleanupScope();
        for (var i = 0; i < 5; i++)
        {
            scope.Defer(scope, static _ => { });
        }

        return scope;
    }

    private static void Close(CleanupScope scope)
    {
        var closing = scope.CleanupAsync(CleanupReason.ClientClosed);
        if (!closing.IsCompletedSuccessfully || closing.Result.Succeeded != 5)
        {
            throw new InvalidOperationException("Not closed synchronously.");
        }
    }
}
