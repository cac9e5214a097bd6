using Resilience.TestKit;

namespace Resilience.Cleanup.Tests;

/// <summary>A lane's handler that the test holds, fails and watches.</summary>
internal sealed class PresenceHandler : ICoalescingHandler<string, int>
{
    private readonly Lock _lock = new();
    private readonly List<(string Key, int Value)> _handled = [];
    private readonly List<int> _batches = [];
    private readonly Dictionary<string, int> _attempts = [];
    private Hold? _hold;

    public Func<int, int, (bool Keeps, int Merged)> Merge { get; set; } = static (_, b) => (true, b);

    public Func<string, bool> Fails { get; set; } = static _ => false;

    public bool WaitsForToken { get; set; }

    public (string Key, int Value)[] Handled
    {
        get
        {
            lock (_lock)
            {
                return [.. _handled];
            }
        }
    }

    public int[] Batches
    {
        get
        {
            lock (_lock)
            {
                return [.. _batches];
            }
        }
    }

    public int Attempts(string key)
    {
        lock (_lock)
        {
            return _attempts.GetValueOrDefault(key);
        }
    }

    public Hold HoldNext() => _hold = new Hold();

    public Task WhenHandledAsync(int items) => Watchdog.UntilAsync(() => Handled.Length >= items);

    public bool TryMerge(string key, int pending, int added, out int merged)
    {
        (var keeps, merged) = Merge(pending, added);
        return keeps;
    }

    public async ValueTask HandleAsync(IReadOnlyList<KeyValuePair<string, int>> batch, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var (key, _) in batch)
            {
                _attempts[key] = _attempts.GetValueOrDefault(key) + 1;
            }
        }

        if (Interlocked.Exchange(ref _hold, null) is { } hold)
        {
            await hold.PassAsync();
        }

        if (WaitsForToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        if (batch.Any(b => Fails(b.Key)))
        {
            throw new InvalidDataException("refused");
        }

        lock (_lock)
        {
            _batches.Add(batch.Count);
            _handled.AddRange(batch.Select(b => (b.Key, b.Value)));
        }
    }

    internal sealed class Hold
    {
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Entered => _entered.Task;

        public void Open() => _gate.SetResult();

        public Task PassAsync()
        {
            _entered.SetResult();
            return _gate.Task;
        }
    }
}
