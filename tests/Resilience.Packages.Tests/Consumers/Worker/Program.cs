using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Resilience.Queues;

var builder = Host.CreateApplicationBuilder();
builder.Services.AddSingleton<Seen>();
builder.Services.AddDelayedQueue<int>("numbers").AddWorker<Handler>(worker => worker.Concurrency = 4);
using var host = builder.Build();
await host.StartAsync();

var queue = host.Services.GetRequiredService<IDelayedQueue<int>>();
for (var number = 0; number < 100; number++)
{
    (await queue.EnqueueAsync(number)).EnsureAccepted();
}

await host.Services.GetRequiredService<Seen>().All.Task.WaitAsync(TimeSpan.FromSeconds(60));
await host.StopAsync();
Console.WriteLine("all checks passed");

internal sealed class Seen
{
    private readonly HashSet<int> _numbers = [];

    public TaskCompletionSource All { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Add(int number)
    {
        lock (_numbers)
        {
            if (_numbers.Add(number) && _numbers.Count == 100)
            {
                All.SetResult();
            }
        }
    }
}

internal sealed class Handler(Seen seen) : IQueueHandler<int>
{
    public Task HandleAsync(int item, DeliveryContext context, CancellationToken leaseLost)
    {
        seen.Add(item);
        return Task.CompletedTask;
    }
}
