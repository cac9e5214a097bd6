using System.Buffers;
using System.Diagnostics;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>
/// What both stores share: limits, waiting, the suspect's slot, telemetry. It has no state of messages; the store decides. Thread-safe.
/// </summary>
internal sealed partial class DelayedQueue<T> : IDelayedQueue<T>, IQueueSignals, IAsyncDisposable
{
    private readonly IDelayedQueueStore<T> _store;
    private readonly DelayedQueueOptions _options;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly WakeSignal _work;
    private readonly WakeSignal _space;
    private readonly Turnstile _claimLine;
    private readonly Turnstile _spaceLine;
    private readonly SuspectSlot _suspect;
    private readonly Lock _startGate = new();
    private Task? _started;
    private volatile bool _closed;

    public DelayedQueue(DelayedQueueContext context, IDelayedQueueStore<T> store, QueueMonitor monitor, Random random)
    {
        Name = context.Name;
        _options = context.Options;
        _time = context.TimeProvider;
        _store = store;
        _random = random;
        Monitor = monitor;
        _work = new WakeSignal(_time);
        _space = new WakeSignal(_time);
        _claimLine = new Turnstile(_time);
        _spaceLine = new Turnstile(_time);
        _suspect = new SuspectSlot(_time);
        DeadLetters = new DeadLetterQueue<T>(this, store);
    }

    public string Name { get; }

    public IDeadLetterQueue<T> DeadLetters { get; }

    public QueueMonitor Monitor { get; }

    public DelayedQueueOptions Options => _options;

    public TimeProvider Time => _time;

    public async ValueTask<EnqueueResult> EnqueueAsync(T item, EnqueueOptions? options = null, CancellationToken cancellationToken = default)
    {
        var message = Validate(item, options?.Delay ?? default, options?.Id);
        await StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var result = _options.FullMode == QueueFullMode.Wait && _spaceLine.IsTaken
            ? new EnqueueResult(EnqueueStatus.Full, default, 0)
            : await TryEnqueueAsync(message, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (result.Status == EnqueueStatus.Full && _options.FullMode == QueueFullMode.Wait)
        {
            result = await WaitForSpaceAsync(message, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        Monitor.Enqueued(result);
        return result;
    }

    public async ValueTask<IReadOnlyList<EnqueueResult>> EnqueueBatchAsync(
        ReadOnlyMemory<EnqueueRequest<T>> requests, CancellationToken cancellationToken = default)
    {
        if (requests.IsEmpty)
        {
            return [];
        }

        var messages = ArrayPool<NewMessage<T>>.Shared.Rent(requests.Length);
        try
        {
            for (var i = 0; i < requests.Length; i++)
            {
                var request = requests.Span[i];
                messages[i] = Validate(request.Item, request.Delay, request.Id);
            }

            await StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            var results = new EnqueueResult[requests.Length];
            for (var start = 0; start < results.Length; start += _options.MaxBatchSize)
            {
                var count = Math.Min(_options.MaxBatchSize, results.Length - start);
                await EnqueueAsync(messages.AsMemory(start, count), results.AsMemory(start, count), cancellationToken)
                    .ConfigureAwait(Systematic.KeepContext);
            }

            return results;
        }
        finally
        {
            ArrayPool<NewMessage<T>>.Shared.Return(messages, clearArray: true);
        }
    }

    public async ValueTask<bool> CancelAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        await StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var cancelled = await _store.CancelAsync(id, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (cancelled)
        {
            Monitor.Cancelled();
        }

        return cancelled;
    }

    public async ValueTask<bool> RescheduleAsync(string id, TimeSpan delay, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ValidateDelay(delay, nameof(delay));
        await StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return await _store.RescheduleAsync(id, delay, cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    public async ValueTask<QueueStats> GetStatsAsync(CancellationToken cancellationToken = default)
    {
        await StartAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return await _store.GetStatsAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    void IQueueSignals.WorkAvailable() => _work.Set();

    void IQueueSignals.SpaceAvailable() => _space.Set();

    void IQueueSignals.DeadLettersDropped(int count) => Monitor.DeadLettersDropped(count);

    /// <summary>Connects the store once; a failed attempt is made again by the next caller.</summary>
    public ValueTask StartAsync(CancellationToken cancellationToken)
    {
        var started = Volatile.Read(ref _started);
        if (started is { IsCompletedSuccessfully: true })
        {
            return ValueTask.CompletedTask;
        }

        lock (_startGate)
        {
            if (_started is null || _started.IsFaulted || _started.IsCanceled)
            {
                _started = _store.StartAsync(this, CancellationToken.None).AsTask();
            }

            started = _started;
        }

        return new ValueTask(started.WaitAsync(cancellationToken));
    }

    /// <summary>Closes the queue. Those who wait are woken and told; whoever comes later and would wait is told as well.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        _work.Set();
        _space.Set();
        await _store.DisposeAsync().ConfigureAwait(Systematic.KeepContext);
        _work.Dispose();
        _space.Dispose();
    }

    internal string? Shorten(string? error) => error is null || error.Length <= _options.MaxErrorLength ? error : error[.._options.MaxErrorLength];

    internal TimeSpan RetryDelay(int failures, TimeSpan? chosen)
    {
        if (chosen is { } delay)
        {
            ValidateDelay(delay, nameof(delay));
            return delay;
        }

        return Jitter(Backoff.After(failures, _options.RetryDelay, _options.MaxRetryDelay), _options.RetryJitter);
    }

    /// <summary>Shortens a delay by chance.</summary>
    internal TimeSpan Jitter(TimeSpan delay, double fraction)
    {
        if (fraction <= 0)
        {
            return delay;
        }

        lock (_random)
        {
            return Backoff.WithJitter(delay, fraction, _random);
        }
    }

    private NewMessage<T> Validate(T item, TimeSpan delay, string? id)
    {
        ValidateDelay(delay, nameof(delay));
        if (id is not null && (id.Length is 0 or > 200 || id[0] == MessageKey.GeneratedPrefix))
        {
            throw new ArgumentException($"The id '{id}' is not permitted; use 1 to 200 characters that do not begin with '{MessageKey.GeneratedPrefix}'.", nameof(id));
        }

        var bytes = _store.MeasurePayload(item);
        if (bytes > _options.MaxPayloadBytes)
        {
            Monitor.Rejected(RejectionReason.Payload);
            throw new PayloadTooLargeException(bytes, _options.MaxPayloadBytes);
        }

        var activity = Activity.Current;
        return activity is { IdFormat: ActivityIdFormat.W3C }
            ? new NewMessage<T>(item, delay, id, activity.Id, activity.TraceStateString)
            : new NewMessage<T>(item, delay, id, null, null);
    }

    private void ValidateDelay(TimeSpan delay, string name)
    {
        if (delay < TimeSpan.Zero || delay > _options.MaxDelay)
        {
            Monitor.Rejected(RejectionReason.Delay);
            throw new ArgumentOutOfRangeException(name, delay, $"Set the delay between zero and MaxDelay, which is {_options.MaxDelay}.");
        }
    }

    private async ValueTask<EnqueueResult> TryEnqueueAsync(NewMessage<T> message, CancellationToken cancellationToken)
    {
        var messages = ArrayPool<NewMessage<T>>.Shared.Rent(1);
        var results = ArrayPool<EnqueueResult>.Shared.Rent(1);
        try
        {
            messages[0] = message;
            await StoreAsync(messages.AsMemory(0, 1), results.AsMemory(0, 1), cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return results[0];
        }
        finally
        {
            ArrayPool<NewMessage<T>>.Shared.Return(messages, clearArray: true);
            ArrayPool<EnqueueResult>.Shared.Return(results, clearArray: true);
        }
    }

    private async ValueTask EnqueueAsync(ReadOnlyMemory<NewMessage<T>> messages, Memory<EnqueueResult> results, CancellationToken cancellationToken)
    {
        await StoreAsync(messages, results, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        for (var i = 0; i < results.Length; i++)
        {
            if (results.Span[i].Status == EnqueueStatus.Full && _options.FullMode == QueueFullMode.Wait)
            {
                var result = await WaitForSpaceAsync(messages.Span[i], cancellationToken).ConfigureAwait(Systematic.KeepContext);
                results.Span[i] = result;
            }

            Monitor.Enqueued(results.Span[i]);
        }
    }

    private async ValueTask StoreAsync(ReadOnlyMemory<NewMessage<T>> messages, Memory<EnqueueResult> results, CancellationToken cancellationToken)
    {
        Systematic.Interleave("queue.enqueue");
        try
        {
            await _store.EnqueueAsync(messages, results, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (PayloadTooLargeException)
        {
            // A store that learns the size by writing the item.
            Monitor.Rejected(RejectionReason.Payload);
            throw;
        }
    }

    /// <summary>Waits in line for space. Only the first in line looks: when a hint says so, and after the poll bound whatever the hints say.</summary>
    private async ValueTask<EnqueueResult> WaitForSpaceAsync(NewMessage<T> message, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        if (!await _spaceLine.EnterAsync(_options.EnqueueTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext))
        {
            return new EnqueueResult(EnqueueStatus.TimedOut, default, _options.MaxSize);
        }

        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();

                // The version first: a close that comes after it ends the wait.
                var seen = _space.Version;
                ObjectDisposedException.ThrowIf(_closed, this);
                var result = await TryEnqueueAsync(message, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                if (result.Status != EnqueueStatus.Full)
                {
                    return result;
                }

                var left = _options.EnqueueTimeout - _time.GetElapsedTime(began);
                if (left <= TimeSpan.Zero)
                {
                    return new EnqueueResult(EnqueueStatus.TimedOut, default, result.Size);
                }

                await _space.WaitAsync(seen, Min(left, IdlePoll()), cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }
        }
        finally
        {
            _spaceLine.Leave();
        }
    }

    private TimeSpan IdlePoll() => Jitter(_options.MaxIdlePoll, 0.2);

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
