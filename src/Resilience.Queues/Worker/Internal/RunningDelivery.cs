namespace Resilience.Queues;

/// <summary>A delivery that a handler works on. The worker's lock guards nothing here: each field has one writer, or is a flag that only goes up.</summary>
internal sealed class RunningDelivery<T>(Delivery<T> delivery, TimeSpan lease) : IDisposable
{
    private readonly CancellationTokenSource _leaseLost = new();
    private long _leasedAt = delivery.LeasedAt;
    private int _over;

    public Delivery<T> Delivery { get; } = delivery;

    public TimeSpan Lease { get; } = lease;

    public CancellationToken LeaseLost => _leaseLost.Token;

    /// <summary>When the lease began last, by this process: taken before the store was asked, so it ends here no later than there.</summary>
    public long LeasedAt
    {
        get => Volatile.Read(ref _leasedAt);
        set => Volatile.Write(ref _leasedAt, value);
    }

    /// <summary>Whether the time to drain is over, so that what the handler does now is given back and not counted.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>Whether the handler is done and the settlement is under way: a lease that is gone then is no loss.</summary>
    public bool IsSettling { get; set; }

    public TimeSpan LeaseLeft(TimeProvider time) => Lease - time.GetElapsedTime(LeasedAt);

    public void Stop()
    {
        IsStopping = true;
        Cancel();
    }

    public void Cancel()
    {
        if (Volatile.Read(ref _over) == 0)
        {
            try
            {
                _leaseLost.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The handler has just finished.
            }
            catch (AggregateException)
            {
                // What a registration of the handler throws is the handler's; the others were told all the same.
            }
        }
    }

    public void Dispose()
    {
        Volatile.Write(ref _over, 1);
        _leaseLost.Dispose();
    }
}
