using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Behaviour;

/// <summary>I15: the server uses the request's objects again after the handler has returned, so nobody may touch them then.</summary>
public sealed class HttpContextTests
{
    [Fact]
    public async Task I15_Nobody_touches_the_request_after_the_handler_has_returned_however_the_stream_ended()
    {
        var touched = new List<string>();
        var ended = 0;
        await using var app = await TestApp.StartAsync(static o => o.MaxLifetime = TimeSpan.FromSeconds(30), map: a => a.Use(async (context, next) =>
        {
            var guard = new Guard(context, touched);
            context.Features.Set<IHttpResponseBodyFeature>(guard);
            context.Features.Set<IHttpRequestLifetimeFeature>(guard);
            try
            {
                await next(context);
            }
            finally
            {
                guard.Over();
                Interlocked.Increment(ref ended);
            }
        }));
        for (var i = 0; i < 40; i++)
        {
            var stream = await app.OpenAsync();
            var connection = app.Node.Connections.Single();
            switch (i % 4)
            {
                case 0:
                    await stream.DisposeAsync();
                    break;
                case 1:
                    await app.Manager.CloseAsync(SseTarget.All, "bye");
                    await stream.ReadToEndAsync();
                    break;
                case 2:
                    app.Turn(32);
                    await stream.ReadToEndAsync();
                    break;
                default:
                    connection.TryClose(SseCloseReason.Stale);
                    connection.Cut();
                    break;
            }

            await Watchdog.UntilAsync(() => Volatile.Read(ref ended) == i + 1);

            // Everything that could still reach for it: a late publication, the wheel, the manager, an abort, a wake-up.
            await app.Publisher.PublishAsync("news", "late");
            connection.Cut();
            connection.WakeInline();
            connection.Visit(app.Node.Clock.Now + 100_000);
            app.Turn(2);
            await stream.DisposeAsync();
        }

        touched.ShouldBeEmpty();
    }

    private sealed class Guard(HttpContext context, List<string> touched) : IHttpResponseBodyFeature, IHttpRequestLifetimeFeature
    {
        private readonly TouchGuard _guard = new(touched);
        private readonly IHttpResponseBodyFeature _body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        private readonly IHttpRequestLifetimeFeature _lifetime = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();

        public Stream Stream => _guard.Touch(_body.Stream, nameof(Stream));

        public PipeWriter Writer => _guard.Touch(new GuardedWriter(_body.Writer, _guard), nameof(Writer));

        public CancellationToken RequestAborted
        {
            get => _guard.Touch(_lifetime.RequestAborted, nameof(RequestAborted));
            set => _lifetime.RequestAborted = value;
        }

        public void Over() => _guard.Over();

        public void Abort()
        {
            _guard.Touch(0, nameof(Abort));
            _lifetime.Abort();
        }

        public void DisableBuffering() => _body.DisableBuffering();

        // The server's own work at the end of a response.
        public Task StartAsync(CancellationToken cancellationToken = default) => _body.StartAsync(cancellationToken);

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => _body.SendFileAsync(path, offset, count, cancellationToken);

        public Task CompleteAsync() => _body.CompleteAsync();
    }
}
