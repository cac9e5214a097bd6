using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>
/// Lets one caller in at a time, strictly first come first served. Who gives up leaves the line without costing anybody a turn. Thread-safe; the lock guards the
/// line and is not held while a waiter is completed.
/// </summary>
internal sealed class Turnstile(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiter> _line = new();
    private bool _taken;

    /// <summary>Whether somebody is inside or waits, so that a newcomer has to stand in line.</summary>
    public bool IsTaken
    {
        get
        {
            lock (_gate)
            {
                return _taken;
            }
        }
    }

    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _line.Count;
            }
        }
    }

    /// <summary>Waits for the turn. False when <paramref name="timeout"/> passed first; then there is nothing to leave.</summary>
    public ValueTask<bool> EnterAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_gate)
        {
            if (!_taken)
            {
                _taken = true;
                return new(true);
            }

            if (timeout == TimeSpan.Zero)
            {
                return new(false);
            }

            waiter = new Waiter(this);
            waiter.Node = _line.AddLast(waiter);
        }

        Systematic.Interleave("turnstile.wait");
        return WaitAsync(waiter, timeout, cancellationToken);
    }

    public void Leave()
    {
        Waiter? next;
        lock (_gate)
        {
            next = _line.First?.Value;
            if (next is null)
            {
                _taken = false;
                return;
            }

            _line.RemoveFirst();
            next.Node = null;
        }

        next.Granted.SetResult(true);
    }

    private async ValueTask<bool> WaitAsync(Waiter waiter, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var timer = timeout == Timeout.InfiniteTimeSpan
            ? null
            : time.CreateTimer(static state => ((Waiter)state!).GiveUp(), waiter, timeout, Timeout.InfiniteTimeSpan);
        try
        {
            using var registration = cancellationToken.UnsafeRegister(static state => ((Waiter)state!).GiveUp(), waiter);
            var granted = await waiter.Granted.Task.ConfigureAwait(Systematic.KeepContext);
            if (!granted)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            return granted;
        }
        finally
        {
            if (timer is not null)
            {
                await timer.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
            }
        }
    }

    private sealed class Waiter(Turnstile owner)
    {
        public TaskCompletionSource<bool> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The place in the line; null once the turn was granted or given up. Guarded by the owner's lock, which decides between the two.</summary>
        public LinkedListNode<Waiter>? Node { get; set; }

        public void GiveUp()
        {
            lock (owner._gate)
            {
                if (Node is null)
                {
                    return;
                }

                owner._line.Remove(Node);
                Node = null;
            }

            Granted.SetResult(false);
        }
    }
}
