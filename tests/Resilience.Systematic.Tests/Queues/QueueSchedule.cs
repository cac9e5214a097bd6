using Microsoft.Extensions.Logging.Abstractions;
using Resilience.Queues;
using Resilience.TestKit;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Queues;

/// <summary>A queue in memory on the clock of a schedule, with or without a planted fault, and what every schedule must keep to.</summary>
internal sealed class QueueSchedule
{
    private static readonly QueuesMetrics Metrics = new(new TestMeterFactory());

    private readonly QueueFault _fault;
    private readonly DelayedQueueOptions _options = new() { MaxIdlePoll = TimeSpan.FromHours(1), EnqueueTimeout = TimeSpan.FromHours(1) };
    private readonly InMemoryQueueStore<string> _store;

    public QueueSchedule(Schedule schedule, QueueFault fault, Action<DelayedQueueOptions>? configure = null)
    {
        Schedule = schedule;
        _fault = fault;
        configure?.Invoke(_options);
        var context = new DelayedQueueContext("schedule", _options, schedule.Time);
        _store = new InMemoryQueueStore<string>(context);
        Queue = Open();
    }

    public Schedule Schedule { get; }

    public DelayedQueue<string> Queue { get; }

    public TimeSpan Visibility => _options.VisibilityTimeout;

    /// <summary>Another process over the same store.</summary>
    public DelayedQueue<string> Open()
    {
        var context = new DelayedQueueContext("schedule", _options, Schedule.Time);
        var monitor = new QueueMonitor(context, "memory", Metrics, NullLogger.Instance);
        return new DelayedQueue<string>(context, _fault == QueueFault.None ? _store : new FaultyStore(_store, _fault), monitor, new Random(1));
    }

    public async Task AddAsync(string item, TimeSpan delay = default)
    {
        var result = await Queue.EnqueueAsync(item, new EnqueueOptions { Delay = delay });
        Schedule.Check(result.IsAccepted, $"{item} was not accepted: {result.Status}");
        Schedule.Check(result.Size <= _options.MaxSize, $"the size is {result.Size}, above the bound");
    }

    public async Task<long> SizeAsync() => (await Queue.GetStatsAsync()).Size;
}
