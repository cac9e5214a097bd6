using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Resilience.Sse;

/// <summary>
/// The wheel's timer, and the drain at the only moment that works: before the server stops. When <c>StopAsync</c> of a hosted service runs, the server has already
/// waited for its whole shutdown timeout and cut the streams.
/// </summary>
internal sealed class SseHostedService(SseNode node, SseDrain drain, IHostApplicationLifetime lifetime, IOptions<HostOptions> host, IServiceProvider services)
    : IHostedLifecycleService, IDisposable
{
    private ITimer? _timer;
    private int _turning;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (host.Value.ShutdownTimeout <= node.Options.DrainTimeout)
        {
            SseLog.DrainLongerThanHost(node.Logger, host.Value.ShutdownTimeout.TotalMilliseconds, node.Options.DrainTimeout.TotalMilliseconds);
        }

        node.LastTurn = node.Clock.Now;
        _timer = node.Clock.Time.CreateTimer(
            static state => ((SseHostedService)state!).Turn(), this, TimeSpan.FromMilliseconds(Wheel.TurnMs), TimeSpan.FromMilliseconds(Wheel.TurnMs));
        lifetime.ApplicationStopping.Register(static state => ((SseDrain)state!).Begin(), drain);
        return Task.CompletedTask;
    }

    /// <summary>The first moment at which the application's endpoints are known: their options are checked against the manager's.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var endpoint in Endpoints())
        {
            endpoint.Metadata.GetMetadata<SseEndpointMetadata>()?.Resolve(SseConnector.Name(endpoint), node.Options);
        }

        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await drain.DrainAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (OperationCanceledException)
        {
            // The host has no more time; the server cuts what is left.
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    private IReadOnlyList<Endpoint> Endpoints()
    {
        try
        {
            return services.GetService<EndpointDataSource>()?.Endpoints ?? [];
        }
        catch (Exception)
        {
            // Another endpoint cannot be built. Whoever calls one is told; it is not ours to stop the host.
            return [];
        }
    }

    private void Turn()
    {
        // A turn that takes longer than a second is not overtaken by the next one.
        if (Interlocked.Exchange(ref _turning, 1) == 1)
        {
            return;
        }

        try
        {
            node.Turn();
        }
        catch (Exception e)
        {
            Telling.Guard(() => SseLog.TickFailed(node.Logger, e));
        }
        finally
        {
            Volatile.Write(ref _turning, 0);
        }
    }
}
