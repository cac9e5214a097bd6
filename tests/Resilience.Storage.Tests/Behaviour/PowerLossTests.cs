using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Behaviour;

/// <summary>The machine loses its power at each step: what the database committed stays, what the file system had not flushed is undone.</summary>
public sealed class PowerLossTests
{
    private const int BeyondTheEnd = 300;
    private static readonly TimeSpan BeyondLease = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData(FaultKind.FailBefore)]
    [InlineData(FaultKind.FailAfter)]
    public async Task A_loss_of_power_at_any_step_leaves_nothing_after_recovery(FaultKind kind)
    {
        await using var harness = await StorageHarness.CreateAsync(new SqliteTestDatabase());
        var unflushed = Path.Combine(harness.Outside, "unflushed");
        Directory.CreateDirectory(unflushed);
        await harness.Start().DeleteAsync("create the tables");
        int step = 0, undone = 0;
        while (await LoseAtAsync(harness, unflushed, step, kind) is { } files)
        {
            step++;
            undone += files;
        }

        step.ShouldBeGreaterThan(20);
        undone.ShouldBeGreaterThan(0, "no loss of power ever met a deletion that was not flushed: nothing was tested");
    }

    /// <summary>The number of deletions that were undone; null when the run ended before the step.</summary>
    private static async Task<int?> LoseAtAsync(StorageHarness harness, string unflushed, int step, FaultKind kind)
    {
        var key = $"p{step}";
        await harness.AddAsync(key);

        // From the step on nothing works any more.
        var script = new FaultScript().OnCall(step, kind);
        for (var later = step + 1; later < step + BeyondTheEnd; later++)
        {
            script.OnCall(later, FaultKind.FailBefore);
        }

        await using (var app = harness.Start(o => o.MaxRetries = 0, files: script, database: script, breakOnFault: true))
        {
            app.Files.Unflushed = unflushed;
            try
            {
                await app.DeleteAsync(key).Within();
            }
            catch (Exception exception) when (exception is not WatchdogException)
            {
                // What the caller would have seen, had the machine not gone.
            }

            var undone = Directory.GetFiles(unflushed).Length;
            app.Files.LosePower();
            await harness.RecordsHaveFilesAsync();
            harness.Time.ShiftWallClock(BeyondLease);
            await using var recovered = harness.Start();
            await recovered.Deletions.RecoverAsync();
            await harness.NothingIsLeftAsync();
            return script.Calls.Count > step ? undone : null;
        }
    }
}
