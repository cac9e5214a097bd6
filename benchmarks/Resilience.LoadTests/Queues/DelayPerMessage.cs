namespace Resilience.LoadTests.Queues;

/// <summary>One <c>Task.Delay</c> for each message, as one would write it without a queue. Its cost is processor time: while it waits it costs nothing.</summary>
internal sealed class DelayPerMessage
{
    private readonly CancellationTokenSource _stop = new();
    private readonly object _item = new();
    private int _handled;

    public DelayPerMessage(int pending)
    {
        for (var i = 0; i < pending; i++)
        {
            _ = DeliverAsync(_item, TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(i), _stop.Token);
        }
    }

    /// <summary>The least processor time of a message so far.</summary>
    public double Nanoseconds { get; private set; } = double.MaxValue;

    public double Bytes { get; private set; }

    public async Task RunAsync(int messages)
    {
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var all = new Task[messages];
        for (var i = 0; i < messages; i++)
        {
            all[i] = DeliverAsync(_item, TimeSpan.FromMilliseconds(1), CancellationToken.None);
        }

        await Task.WhenAll(all);
        Nanoseconds = Math.Min(Nanoseconds, (Environment.CpuUsage.TotalTime - cpu).TotalNanoseconds / messages);

        // Without the array of this test.
        Bytes = ((GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)messages) - IntPtr.Size;
    }

    /// <summary>Ends what is pending.</summary>
    public void Stop() => _stop.Cancel();

    private async Task DeliverAsync(object item, TimeSpan delay, CancellationToken cancellationToken)
    {
        await Task.Delay(delay, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Increment(ref _handled);
        GC.KeepAlive(item);
    }
}
