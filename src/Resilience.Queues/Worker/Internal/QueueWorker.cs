using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>
/// Claims as many messages as it has free places, runs a handler for each in a scope of its own, and settles. When the host stops it claims nothing more, lets
/// handlers finish, and gives the rest back. The lock guards the set of running deliveries.
/// </summary>
internal sealed partial class QueueWorker<T> : BackgroundService
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly DelayedQueue<T> _queue;
    private readonly QueueWorkerOptions _options;
    private readonly IServiceScopeFactory _scopes;
    private readonly Func<IServiceProvider, IQueueHandler<T>> _handler;
    private readonly ILogger _logger;
    private readonly SettlementLane<T> _lane;
    private readonly SemaphoreSlim _places;
    private readonly Lock _gate = new();
    private readonly Dictionary<RunningDelivery<T>, Task> _running = [];

    public QueueWorker(
        DelayedQueue<T> queue,
        QueueWorkerOptions options,
        IServiceScopeFactory scopes,
        Func<IServiceProvider, IQueueHandler<T>> handler,
        ILogger logger)
    {
        _queue = queue;
        _options = options;
        _scopes = scopes;
        _handler = handler;
        _logger = logger;
        _lane = new SettlementLane<T>(queue, logger);
        _places = new SemaphoreSlim(options.Concurrency);
    }

    public static QueueWorker<T> Create<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        IServiceProvider provider, string name)
        where THandler : class, IQueueHandler<T> => new(
            provider.GetRequiredKeyedService<DelayedQueue<T>>(name),
            provider.GetRequiredService<IOptionsMonitor<QueueWorkerOptions>>().Get(name),
            provider.GetRequiredService<IServiceScopeFactory>(),
            static scope => scope.GetRequiredService<THandler>(),
            Loggers.Create(provider));

    public override void Dispose()
    {
        _places.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var keeperStop = new CancellationTokenSource();
        var keeper = new LeaseKeeper<T>(_queue, Running, _logger).RunAsync(keeperStop.Token);
        var pause = _options.StoreRetryDelay;
        while (!stoppingToken.IsCancellationRequested)
        {
#pragma warning disable CA1031 // Whatever the store throws, the next claim may succeed; the worker must not end before the host.
            try
            {
                await ClaimAndStartAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
                pause = _options.StoreRetryDelay;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error)
            {
                _queue.Monitor.StoreFailed(error);
                await Task.Delay(pause, _queue.Time, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | (Systematic.KeepContext ? ConfigureAwaitOptions.ContinueOnCapturedContext : 0));
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
#pragma warning restore CA1031
        }

        await DrainAsync().ConfigureAwait(Systematic.KeepContext);
        await keeperStop.CancelAsync().ConfigureAwait(Systematic.KeepContext);
        await keeper.ConfigureAwait(Systematic.KeepContext);
    }

    private async Task ClaimAndStartAsync(CancellationToken stoppingToken)
    {
        await _places.WaitAsync(stoppingToken).ConfigureAwait(Systematic.KeepContext);
        var places = 1;
        try
        {
            while (places < _options.ClaimBatchSize && await _places.WaitAsync(0, CancellationToken.None).ConfigureAwait(Systematic.KeepContext))
            {
                places++;
            }

            var deliveries = await _queue.ClaimAsync(places, Timeout.InfiniteTimeSpan, stoppingToken).ConfigureAwait(Systematic.KeepContext);
            foreach (var delivery in deliveries)
            {
                Start(delivery);
                places--;
            }
        }
        finally
        {
            if (places > 0)
            {
                _places.Release(places);
            }
        }
    }

    private void Start(Delivery<T> delivery)
    {
        var running = new RunningDelivery<T>(delivery, _queue.Options.VisibilityTimeout);
        lock (_gate)
        {
            // Entered under the lock, so that the end of the task cannot come before its beginning is noted.
            _running.Add(running, Task.Run(() => RunAsync(running)));
        }
    }

    private async Task RunAsync(RunningDelivery<T> running)
    {
        var began = _queue.Time.GetTimestamp();
        var settlement = await HandleAsync(running).ConfigureAwait(Systematic.KeepContext);
        running.IsSettling = true;
        Telling.Guard(() => _queue.Monitor.Processed(_queue.Time.GetElapsedTime(began), ResultText(settlement.Kind)));
        var outcome = await _lane.SettleAsync(running, settlement).ConfigureAwait(Systematic.KeepContext);
        if (outcome == SettlementOutcome.DeadLettered)
        {
            var reason = settlement.Kind == SettlementKind.Retry ? DeadLetterReason.Failures : settlement.Reason;
            Telling.Guard(() => QueuesLog.MessageDied(_logger, null, _queue.Name, running.Delivery.Attempt, QueueMonitor.Text(reason)));
        }

        lock (_gate)
        {
            _running.Remove(running);
        }

        running.Dispose();
        _places.Release();
    }

    /// <summary>Lets handlers finish; then tells them that time is over; then gives back what is still not settled.</summary>
    private async Task DrainAsync()
    {
        await WaitAsync(_options.ShutdownDrain).ConfigureAwait(Systematic.KeepContext);
        var late = Running();
        foreach (var running in late)
        {
            running.Stop();
        }

        if (late.Count > 0)
        {
            await WaitAsync(Grace).ConfigureAwait(Systematic.KeepContext);
        }

        // A handler that does not heed its token cannot be ended; its message is free for others all the same.
        var left = Running().Where(static one => !one.IsSettling).ToArray();
        var released = left.Select(one => _lane.SettleAsync(one, Settle(one, SettlementKind.Release)));
        await ((Task)Task.WhenAll(released)).WaitAsync(Grace, _queue.Time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | (Systematic.KeepContext ? ConfigureAwaitOptions.ContinueOnCapturedContext : 0));
        QueuesLog.WorkerStopped(_logger, _queue.Name, late.Count);
    }

    private async Task WaitAsync(TimeSpan atMost)
    {
        Task[] tasks;
        lock (_gate)
        {
            tasks = [.. _running.Values];
        }

        if (tasks.Length > 0 && atMost > TimeSpan.Zero)
        {
            await Task.WhenAll(tasks).WaitAsync(atMost, _queue.Time)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | (Systematic.KeepContext ? ConfigureAwaitOptions.ContinueOnCapturedContext : 0));
        }
    }

    private IReadOnlyList<RunningDelivery<T>> Running()
    {
        lock (_gate)
        {
            return [.. _running.Keys];
        }
    }
}
