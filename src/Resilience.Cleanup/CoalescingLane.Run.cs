using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>Handling what is due.</summary>
public sealed partial class CoalescingLane<TKey, T>
{
    private static readonly TimeSpan LongestRetryDelay = TimeSpan.FromSeconds(60);

    Task ILaneState.DrainAsync()
    {
        lock (_lock)
        {
            return _drain ??= Systematic.Start(DrainCoreAsync);
        }
    }

    private async Task DrainCoreAsync()
    {
        TaskCompletionSource emptied;
        lock (_lock)
        {
            _draining = true;
            _emptied = emptied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            foreach (var item in _items.Values.Where(static i => i.Waits))
            {
                item.Due = 0;
                item.Version++;
                if (!item.IsBusy)
                {
                    Enter(item);
                }
            }

            if (_items.Count == 0)
            {
                emptied.TrySetResult();
            }

            Arm();
        }

        if (_options.DrainTimeout > TimeSpan.Zero)
        {
            using var timer = _time.CreateTimer(
                static state => ((TaskCompletionSource)state!).TrySetResult(), emptied, _options.DrainTimeout, Timeout.InfiniteTimeSpan);
            await emptied.Task.ConfigureAwait(Systematic.KeepContext);
        }

        int left;
        lock (_lock)
        {
            _stopped = true;
            left = _items.Count;
        }

        await _timer.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
        if (left > 0)
        {
            _telemetry.NotDrained(left);
        }
    }

    /// <summary>Under the lock: sets the timer for the next item, unless everyone is at work and will look by himself.</summary>
    private void Arm()
    {
        SkipVoid();
        if (_stopped || _runners >= _options.Concurrency || !_schedule.TryPeek(out _, out var due))
        {
            return;
        }

        var wait = due - _time.GetTimestamp();
        _timer.Change(wait <= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)wait / _time.TimestampFrequency), Timeout.InfiniteTimeSpan);
    }

    /// <summary>The timer: starts a runner if there is something for it.</summary>
    private void Start()
    {
        lock (_lock)
        {
            SkipVoid();
            if (_stopped || _runners >= _options.Concurrency || !_schedule.TryPeek(out _, out var due))
            {
                return;
            }

            if (due > _time.GetTimestamp())
            {
                Arm();
                return;
            }

            _runners++;
            _ = Systematic.StartDetached(RunAsync);
        }
    }

    private async Task RunAsync()
    {
        var batch = new List<(LaneItem<TKey, T> Item, T Value, int Attempts)>();
        while (Take(batch))
        {
            Systematic.Interleave("lane: taken");
            Exception? fault = null;
            try
            {
                using var timeout = new CancellationTokenSource(_options.Timeout, _time);
                await _handler.HandleAsync([.. batch.Select(static b => KeyValuePair.Create(b.Item.Key, b.Value))], timeout.Token).ConfigureAwait(Systematic.KeepContext);
            }
            catch (Exception exception)
            {
                fault = exception;
            }

            Systematic.Interleave("lane: handled");
            foreach (var (item, value, attempts) in batch)
            {
                End(item, value, attempts, fault);
            }

            Tell(batch.Count, batch[0].Attempts, fault);
            batch.Clear();
        }
    }

    /// <summary>Takes what is due; a retried item is handled alone, so that it cannot take others down again. False ends the runner.</summary>
    private bool Take(List<(LaneItem<TKey, T> Item, T Value, int Attempts)> batch)
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            SkipVoid();
            while (!_stopped && batch.Count < _options.BatchSize && _schedule.TryPeek(out var next, out var due) && due <= now)
            {
                if (batch.Count > 0 && next.Item.Attempts > 0)
                {
                    break;
                }

                _schedule.Dequeue();
                next.Item.Waits = false;
                next.Item.IsBusy = true;
                next.Item.Version++;
                batch.Add((next.Item, next.Item.Value, next.Item.Attempts));
                next.Item.Value = default!;
                if (batch[0].Attempts > 0)
                {
                    break;
                }

                SkipVoid();
            }

            if (batch.Count == 0)
            {
                _runners--;
            }

            // The others sleep: whatever is left is for the next runner, or for the timer.
            Arm();
            return batch.Count > 0;
        }
    }

    private void End(LaneItem<TKey, T> item, T value, int attempts, Exception? fault)
    {
        var again = fault is not null && attempts < _options.Retries;
        while (true)
        {
            T later;
            long version;
            lock (_lock)
            {
                if (!again || !item.Waits)
                {
                    item.IsBusy = false;
                    if (again)
                    {
                        Schedule(item, value, attempts + 1, _draining ? 0 : RetryTicks(attempts));
                    }
                    else if (item.Waits)
                    {
                        Enter(item);
                    }

                    Forget(item);
                    Arm();
                    return;
                }

                later = item.Value;
                version = item.Version;
            }

            // It failed, and meanwhile a later item came: they are joined as if it had never been taken.
            var keeps = TryMerge(item.Key, value, later, out var merged);
            Systematic.Interleave("lane: merged back");
            lock (_lock)
            {
                if (item.Waits && item.Version == version)
                {
                    item.IsBusy = false;
                    item.Attempts = attempts + 1;
                    item.Due = _draining ? 0 : Math.Max(item.Due, _time.GetTimestamp() + RetryTicks(attempts));
                    Replace(item, keeps, merged);
                    Arm();
                    return;
                }
            }
        }
    }

    private long RetryTicks(int attempts) => Ticks(Backoff.After(attempts, _options.RetryDelay, LongestRetryDelay));

    private void Tell(int items, int attempts, Exception? fault)
    {
        if (fault is null)
        {
            _telemetry.Handled(items);
        }
        else if (attempts < _options.Retries)
        {
            _telemetry.Retries(items, Backoff.After(attempts, _options.RetryDelay, LongestRetryDelay), attempts + 1, fault);
        }
        else
        {
            _telemetry.GivenUp(attempts + 1, fault);
        }

        LookForRoom();
    }

    private void LookForRoom()
    {
        if (Pending <= _options.Capacity * 3 / 4)
        {
            _telemetry.Roomy();
        }
    }

    /// <summary>Under the lock: drops places in the schedule whose item has changed since.</summary>
    private void SkipVoid()
    {
        while (_schedule.TryPeek(out var next, out _) && (next.Item.Version != next.Version || !next.Item.Waits || next.Item.IsBusy))
        {
            _schedule.Dequeue();
        }
    }
}
