using FsCheck;
using FsCheck.Fluent;
using Resilience.Data.Tests.Support;

namespace Resilience.Data.Tests.Properties;

public sealed class BatchLoaderProperties
{
    [Fact]
    public void The_result_is_that_of_a_loop_for_any_keys() => Prop.ForAll<int[]>(static keys =>
    {
        var outcome = Task.Run(async () =>
        {
            await using var fixture = new LoaderFixture(LoaderFixture.Even, static o => o.MaxBatchSize = 7);
            var many = await fixture.Loader.LoadManyAsync(keys);
            var single = await Task.WhenAll(keys.Select(k => fixture.Loader.LoadAsync(k)));
            var naive = keys.Select(static k => k % 2 == 0 ? new Loaded<string>(LoadState.Found, $"v{k}") : new Loaded<string>(LoadState.Missing)).ToArray();
            return single.SequenceEqual(naive) && keys.Select(k => many[k]).SequenceEqual(naive)
                && many.Count == keys.Distinct().Count() && fixture.Batches.All(static b => b.Length <= 7);
        });
        return outcome.GetAwaiter().GetResult();
    }).QuickCheckThrowOnFailure();
}
