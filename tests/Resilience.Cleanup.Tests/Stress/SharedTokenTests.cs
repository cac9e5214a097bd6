namespace Resilience.Cleanup.Tests.Stress;

/// <summary>Measures the heap, so nothing else may run meanwhile.</summary>
[Collection(nameof(Alone))]
public sealed class SharedTokenTests
{
    /// <summary>Cleanup S8.</summary>
    [Fact]
    public async Task A_hundred_thousand_closed_scopes_leave_nothing_on_a_shared_token()
    {
        using var source = new CancellationTokenSource();
        await Churn(1_000, source.Token);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await Churn(100_000, source.Token);

        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(1_000_000);
    }

    private static async Task Churn(int scopes, CancellationToken token)
    {
        for (var i = 0; i < scopes; i++)
        {
            var scope = new CleanupScope();
            scope.CloseWhen(token);
            scope.Defer(new byte[64], static _ => { });
            await scope.CleanupAsync();
        }
    }
}
