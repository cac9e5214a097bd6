using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.Queues.Redis.Tests.Stress.Scenarios;

/// <summary>A process that handles messages until it is killed: each handled message raises its own count on the server, before it is acknowledged.</summary>
public sealed class WorkerScenario : IChildScenario
{
    public async Task RunAsync(ChildContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (configuration, prefix) = (context.Arguments[0], context.Arguments[1]);
        var connection = await ConnectionMultiplexer.ConnectAsync(configuration + ",connectTimeout=30000");
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IConnectionMultiplexer>(connection);
        builder.Services.AddSingleton(new Tally(connection.GetDatabase(), prefix + "done"));
        builder.Services.AddDelayedQueue<string>("work", KillTests.Configure)
            .UseRedis(o => o.KeyPrefix = prefix + "rq")
            .AddWorker<Handler>(static o => (o.Concurrency, o.ClaimBatchSize) = (64, 64));
        using var host = builder.Build();
        await host.StartAsync(context.Stopping);
        context.Send("working");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await host.StopAsync(CancellationToken.None);
    }

    internal sealed record Tally(IDatabase Database, string Key);

    internal sealed class Handler(Tally tally) : IQueueHandler<string>
    {
        public async Task HandleAsync(string item, DeliveryContext context, CancellationToken leaseLost)
        {
            if (item.StartsWith("fail", StringComparison.Ordinal))
            {
                throw new PermanentFailureException("planned");
            }

            await tally.Database.HashIncrementAsync(tally.Key, item);
        }
    }
}
