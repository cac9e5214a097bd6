using Microsoft.Extensions.Logging;
using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>
/// Closes scopes in the background: bounded, in batches, with the sources that close most in a lane of their own. Whatever happens to the queue or its workers,
/// every posted scope is closed exactly once, because that is decided by the scope. See <see href="https://github.com/resilience-net/resilience/blob/main/docs/cleanup.md">the package's page</see>.
/// </summary>
/// <remarks>
/// Thread-safe: every member may be called from any thread at any time. Workers start with the first post; the host stops them after its servers.
/// </remarks>
public sealed partial class CleanupDispatcher : IAsyncDisposable, IDisposable, IBatchObserver
{
    /// <summary>How often a scope is put back before it is closed whatever hinders it.</summary>
    internal const int MaxAttempts = 3;

    private readonly Breaker _breaker;
    private readonly SourceLimiter _limiter;
    private readonly Supervisor _supervisor;
    private readonly DispatcherTelemetry _telemetry;
    private int _started;
    private PaddedCounter _inline;
    private PaddedCounter _closed;
    private long _sourceLimited;
    private long _lockTimeouts;

    /// <summary>Makes a dispatcher without dependency injection, for tests above all: there are no metrics.</summary>
    /// <param name="options">The limits; taken over now.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where state changes go.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public CleanupDispatcher(CleanupDispatcherOptions options, TimeProvider timeProvider, ILogger<CleanupDispatcher> logger)
        : this(options, timeProvider, null, logger)
    {
    }

    internal CleanupDispatcher(CleanupDispatcherOptions options, TimeProvider timeProvider, CleanupMetrics? metrics, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentNullException.ThrowIfNull(logger);
        Options = options;
        Time = timeProvider;
        Queue = new LaneQueue(options.QueueCapacity);
        _breaker = new Breaker(options.BreakerThreshold, options.BreakerDuration, timeProvider);
        _limiter = new SourceLimiter(options.SourceLimit, options.SourceBurst, timeProvider);
        _telemetry = new DispatcherTelemetry(options, metrics, logger);
        _supervisor = new Supervisor(this, _breaker, _telemetry, timeProvider);
        metrics?.Observe(this);
    }

    internal CleanupDispatcherOptions Options { get; }

    internal TimeProvider Time { get; }

    internal LaneQueue Queue { get; }

    internal DispatcherTelemetry Telemetry => _telemetry;

    internal Supervisor Supervisor => _supervisor;

    internal Breaker Breaker => _breaker;

    /// <summary>
    /// Closes a scope in the background. The scope's <see cref="CleanupScope.Closing"/> token is cancelled before this returns, so that routing and transport stop at once;
    /// the steps run on a worker, or here and now when the queue is full, its breaker is open or the dispatcher has stopped.
    /// </summary>
    /// <param name="scope">The scope. Whoever closes it as well waits for the same close.</param>
    /// <param name="reason">The reason for the report.</param>
    /// <param name="source">Where the scope comes from; sources that close too many get a lower priority.</param>
    /// <returns>What was done. Nothing has to be done by the caller, whatever it is.</returns>
    /// <remarks>Never waits for an asynchronous step, never throws for anything but a missing scope, and never loses one.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="scope"/> is null.</exception>
    public CleanupDispatch Post(CleanupScope scope, CleanupReason reason = CleanupReason.Unspecified, CleanupSource source = default)
    {
        ArgumentNullException.ThrowIfNull(scope);
        if (scope.TryGetCore() is not { } core || !core.TryBegin(reason))
        {
            return CleanupDispatch.AlreadyClosing;
        }

        Systematic.Interleave("dispatcher: begun");
        var now = Time.GetTimestamp();
        var low = _limiter.IsOver(source, now);
        core.MarkPosted(now, low);
        var dispatch = Enqueue(core);
        if (dispatch is CleanupDispatch.Queued or CleanupDispatch.QueuedLow)
        {
            EnsureStarted();
        }
        else
        {
            _inline.Increment();
            Run(core, counted: false);
        }

        if (low)
        {
            Interlocked.Increment(ref _sourceLimited);
        }

        _telemetry.Posted(dispatch, low);
        return dispatch;
    }

    /// <summary>The figures of this moment.</summary>
    public CleanupDispatcherSnapshot Snapshot()
    {
        var depth = Queue.Depth;
        var closed = _closed.Value;
        var inline = _inline.Value;
        return new CleanupDispatcherSnapshot
        {
            // Read after what is closed, so that nothing seems closed that was not posted.
            Closed = closed,
            Posted = Queue.Added + inline,
            QueuedNormal = depth.Normal,
            QueuedLow = depth.Low,
            OldestAge = OldestAge(),
            Inline = inline,
            SourceLimited = Interlocked.Read(ref _sourceLimited),
            Workers = _supervisor.Workers,
            StuckWorkers = _supervisor.Stuck,
            WorkerRestarts = _supervisor.Restarts,
            LockTimeouts = Interlocked.Read(ref _lockTimeouts),
            Breaker = _breaker.State,
        };
    }

    /// <summary>
    /// Stops: later posts run on their callers, waiting scopes are closed by the workers, and what is left after <see cref="CleanupDispatcherOptions.DrainTimeout"/> is run here.
    /// The host calls it after its servers have stopped.
    /// </summary>
    public async ValueTask DisposeAsync() => await DrainAsync().ConfigureAwait(Systematic.KeepContext);

    /// <summary>Stops without waiting: what no worker has begun is closed here, and asynchronous steps end on their own. Prefer <see cref="DisposeAsync"/>.</summary>
    public void Dispose()
    {
        Queue.Stop();
        _supervisor.Stop();
        RunWhatIsLeft();
    }

    void IBatchObserver.LockHeld(TimeSpan time) => _telemetry.LockHeld(time);

    void IBatchObserver.LockTimedOut(int members)
    {
        Interlocked.Increment(ref _lockTimeouts);
        _telemetry.LockTimedOut(Options.LockTimeout, members);
    }

    internal TimeSpan OldestAge() => Queue.OldestPostedAt is { } posted ? Time.GetElapsedTime(posted) : TimeSpan.Zero;

    /// <summary>For workers: closes a scope that they took out of their claim. True when it has ended; then the queue must be told of it.</summary>
    internal bool TryClose(ScopeCore entry, ref long now)
    {
        // A scope may have been made with another clock, whose timestamps mean nothing here.
        var shared = ReferenceEquals(entry.Time, Time);
        var closing = shared ? entry.RunBegunAsync(now) : entry.RunBegunAsync();
        if (!closing.IsCompleted)
        {
            _ = EndAsync(closing, entry, counted: true);
            now = Time.GetTimestamp();
            return false;
        }

        now = shared ? Math.Max(now, entry.EndedAt) : Time.GetTimestamp();
        Ended(entry, now);
        return true;
    }

    internal void BatchDone(int count) => _telemetry.BatchDone(count);

    /// <summary>For workers and the supervisor: an entry that was taken out of a claim goes to the next worker, or is closed here when there is none.</summary>
    internal void PutBack(ScopeCore entry)
    {
        entry.Attempts++;
        if (entry.Attempts > MaxAttempts || !Queue.TryPutBack(entry))
        {
            Run(entry, counted: true);
        }
    }

    private CleanupDispatch Enqueue(ScopeCore entry)
    {
        if (!_breaker.TryPass(out var probe))
        {
            return RefusedByBreaker();
        }

        if (probe && OldestAge() >= Options.BacklogAge)
        {
            // The queue would take it, but nobody takes it out.
            _breaker.Refused(probe);
            return RefusedByBreaker();
        }

        Systematic.Interleave("dispatcher: before the write");
        switch (Queue.TryAdd(entry))
        {
            case WriteResult.Added:
                if (_breaker.Accepted(probe))
                {
                    _telemetry.BreakerClosed();
                }

                return entry.IsLow ? CleanupDispatch.QueuedLow : CleanupDispatch.Queued;
            case WriteResult.Full:
                if (_breaker.Refused(probe))
                {
                    _telemetry.BreakerOpened("the queue refused posts", OldestAge());
                }

                return CleanupDispatch.InlineQueueFull;
            default:
                return CleanupDispatch.InlineStopped;
        }
    }

    private CleanupDispatch RefusedByBreaker() => Queue.IsStopped ? CleanupDispatch.InlineStopped : CleanupDispatch.InlineBreakerOpen;

    private void Run(ScopeCore entry, bool counted)
    {
        var closing = entry.RunBegunAsync();
        if (!closing.IsCompleted)
        {
            _ = EndAsync(closing, entry, counted);
            return;
        }

        Ended(entry, Time.GetTimestamp());
        if (counted)
        {
            Queue.Ended(1);
        }
    }

    private async Task EndAsync(ValueTask<CleanupReport> closing, ScopeCore entry, bool counted)
    {
        await closing.ConfigureAwait(Systematic.KeepContext);
        Ended(entry, Time.GetTimestamp());
        if (counted)
        {
            Queue.Ended(1);
        }
    }

    private void Ended(ScopeCore entry, long now)
    {
        _closed.Increment();
        if (_telemetry.HasMetrics)
        {
            _telemetry.Closed(Time.GetElapsedTime(entry.PostedAt, now));
        }
    }

    private void EnsureStarted()
    {
        if (Volatile.Read(ref _started) == 0 && Interlocked.CompareExchange(ref _started, 1, 0) == 0)
        {
            _supervisor.Start(Options.Workers.Value);
        }
    }
}
