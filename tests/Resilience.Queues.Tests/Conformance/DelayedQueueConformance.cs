namespace Resilience.Queues.Conformance;

/// <summary>What every delayed queue must do, whatever its store. Derive for a store and run.</summary>
public abstract partial class DelayedQueueConformance : IAsyncLifetime
{
    private readonly List<QueueUnderTest> _processes = [];
    private IStoreUnderTest? _subject;
    private Action<DelayedQueueOptions> _configure = static _ => { };

    private IStoreUnderTest Subject => _subject ?? throw new InvalidOperationException("Call StartAsync first.");

    protected abstract Task<IStoreUnderTest> CreateAsync(DelayedQueueOptions options);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        if (_subject is not null)
        {
            await _subject.DisposeAsync();
        }
    }

    /// <summary>Makes the store and the first process.</summary>
    private async Task<IDelayedQueue<string>> StartAsync(Action<DelayedQueueOptions>? configure = null)
    {
        _configure = configure ?? _configure;
        var options = new DelayedQueueOptions();
        _configure(options);
        _subject = await CreateAsync(options);
        return NewProcess().Queue;
    }

    private QueueUnderTest NewProcess(
        Action<IDelayedQueueBuilder<string>>? build = null,
        Action<Microsoft.Extensions.DependencyInjection.IServiceCollection>? addServices = null,
        Func<IDelayedQueueStore<string>, IDelayedQueueStore<string>>? decorate = null)
    {
        var store = decorate is null ? Subject.Store : decorate(Subject.Store);
        var process = new QueueUnderTest(store, Subject.Time, _configure, build, addServices);
        _processes.Add(process);
        return process;
    }

    private static async Task<Delivery<string>> ClaimOneAsync(IDelayedQueue<string> queue) =>
        (await queue.ClaimAsync(1, TimeSpan.Zero)).ShouldHaveSingleItem();

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
