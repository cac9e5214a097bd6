using Resilience.TestKit;

namespace Resilience.Sse.Tests.Stress;

public sealed class WakeSignalTests
{
    [Fact]
    public async Task No_wake_up_is_lost_between_two_waits()
    {
        var signal = new WakeSignal();
        var produced = 0;
        const int total = 200_000;
        var consumer = Task.Run(async () =>
        {
            while (Volatile.Read(ref produced) < total)
            {
                await signal.WaitAsync();
            }
        });
        await Task.WhenAll(Enumerable.Range(0, 2).Select(i => Task.Run(() =>
        {
            for (var n = 0; n < total / 2; n++)
            {
                Interlocked.Increment(ref produced);
                if ((n + i) % 2 == 0)
                {
                    signal.Wake();
                }
                else
                {
                    signal.WakeInline();
                }
            }
        })));
        await consumer.Within(TimeSpan.FromSeconds(10));
    }
}
