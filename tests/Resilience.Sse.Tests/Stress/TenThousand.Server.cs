using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse.Tests.Support;

namespace Resilience.Sse.Tests.Stress;

public sealed partial class TenThousand
{
    private async Task StartAsync()
    {
        _app = await SseApp.StartAsync(
            static o =>
            {
                o.MaxConnectionsPerKey = 1;
                o.StaleTimeout = TimeSpan.FromMinutes(10);
                o.MaxLifetime = TimeSpan.FromDays(7);
                o.ProducerRestartDelay = Rest;
                o.TokenRevalidationInterval = TimeSpan.FromSeconds(ByTime);
                o.TokenValidationTimeout = TimeSpan.FromMinutes(5);
            },
            s => s.AddSingleton<TimeProvider>(_time).AddSingleton<ISseKeySelector, ByQuery>().AddSingleton<ISseConnectionObserver>(_observer)
                .AddScoped<ISseTokenValidator, ByTag>().AddSingleton(_scoped).AddScoped<Scoped>(),
            Map);
        Node = _app.Node;
        var factory = _app.App.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Name == "resilience.sse.connections.active")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, change, _, _) => Interlocked.Add(ref _active, change));
        _listener.Start();

        // Has the only slot of its key until the host stops.
        _holder = await (await RawClient.ConnectAsync(_app.EndPoint, "/all?key=full")).OpenedAsync();
    }

    private void Map(WebApplication app)
    {
        app.Use(next => async context =>
        {
            var guard = new GuardedContext(context, _touched);
            lock (_contexts)
            {
                _contexts.Add(guard);
                _requests++;
            }

            try
            {
                await next(guard);
            }
            finally
            {
                guard.Over();
            }
        });
        app.MapSse<Scoped>("/all", static (_, _, _) => ValueTask.FromResult<IResult>(SseResults.Subscribe("news")));
        app.MapSse<Scoped>("/kicked", static (_, _, _) => ValueTask.FromResult<IResult>(SseResults.Subscribe("news").WithTag("kicked")));
        app.MapSse<Scoped>("/expiring", static (_, _, _) => ValueTask.FromResult<IResult>(SseResults.Subscribe("news").WithTag("expiring")));
        app.MapSse<Scoped>("/short", static (_, _, _) => ValueTask.FromResult<IResult>(SseResults.Subscribe("news"))).WithSse(static o => o.MaxLifetime = TimeSpan.FromSeconds(ByTime));
        app.MapSse<Scoped>("/producer", (_, _, _) => ValueTask.FromResult<IResult>(SseResults.Stream(_ => Produce())));
        app.MapSse<Scoped>("/refused", static (_, _, _) => ValueTask.FromResult(Results.StatusCode(403)));
        app.MapSse<Scoped>("/broken", static (_, _, _) => throw new InvalidOperationException("handler"));
    }

    private async IAsyncEnumerable<string> Produce()
    {
        using var alive = new Scoped(_producers);
        await Task.Yield();
        if (_producers.Made >= 0)
        {
            throw new InvalidOperationException("producer");
        }

        yield break;
    }

    private sealed class ByQuery : ISseKeySelector
    {
        public string SelectKey(HttpContext context) => context.Request.Query["key"].ToString();
    }

    private sealed class ByTag : ISseTokenValidator
    {
        public ValueTask<SseTokenStatus> ValidateAsync(SseTokenContext context, CancellationToken cancellationToken) =>
            ValueTask.FromResult(context.Connection.Tags.Contains("expiring") ? SseTokenStatus.Expired : SseTokenStatus.Valid);
    }

    internal sealed class ScopedCounter
    {
        private int _made;
        private int _alive;

        public int Made => Volatile.Read(ref _made);

        public int Alive => Volatile.Read(ref _alive);

        public void Change(int by)
        {
            Interlocked.Add(ref _made, Math.Max(0, by));
            Interlocked.Add(ref _alive, by);
        }
    }

    private sealed class Scoped : IDisposable
    {
        private readonly ScopedCounter _counter;

        public Scoped(ScopedCounter counter)
        {
            _counter = counter;
            counter.Change(1);
        }

        public void Dispose() => _counter.Change(-1);
    }
}
