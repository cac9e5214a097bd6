using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Resilience.Sse.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Behaviour;

/// <summary>Sending that fails by exception, as behind a body that an application wrapped.</summary>
public sealed class SendFailureTests
{
    [Fact]
    public async Task A_flush_that_fails_is_tried_again_a_turn_later_and_a_success_resets_the_row()
    {
        var failures = new Failures { Left = 0 };
        await using var app = await StartAsync(failures);
        await using var stream = await app.OpenAsync();
        failures.Left = 2;
        await app.Publisher.PublishAsync("news", "kept");
        await FailedAsync(app, 1);
        app.Turn(1);
        await FailedAsync(app, 2);
        app.Turn(1);
        (await stream.NextAsync())!.Value.Data.ShouldBe("kept");
        await Watchdog.UntilAsync(() => app.Manager.Snapshot().Single().ConsecutiveErrors == 0);
        app.Manager.Snapshot().Single().Errors.ShouldBe(2);
    }

    [Fact]
    public async Task The_third_failure_in_a_row_ends_the_stream()
    {
        var failures = new Failures { Left = 0 };
        await using var app = await StartAsync(failures);
        await using var stream = await app.OpenAsync();
        failures.Left = int.MaxValue;
        await app.Publisher.PublishAsync("news", "never");
        for (var i = 1; i < 3; i++)
        {
            await FailedAsync(app, i);
            app.Turn(1);
        }

        await Watchdog.UntilAsync(() => app.Manager.ConnectionCount == 0);
        app.Manager.GetStatistics().Closed["send_failed"].ShouldBe(1);
    }

    /// <summary>The failure is counted first, and then the wheel is asked for a visit at the next turn.</summary>
    private static Task FailedAsync(TestApp app, int times) =>
        Watchdog.UntilAsync(() => app.Manager.Snapshot().Single().ConsecutiveErrors == times && app.Node.Connections.Single().WheelSoon, what: $"failure {times}");

    private static Task<TestApp> StartAsync(Failures failures) => TestApp.StartAsync(map: a => a.Use((context, next) =>
    {
        var body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        context.Features.Set<IHttpResponseBodyFeature>(new Failing(body, failures));
        return next(context);
    }));

    private sealed class Failures
    {
        public int Left { get; set; }
    }

    private sealed class Failing(IHttpResponseBodyFeature inner, Failures failures) : IHttpResponseBodyFeature
    {
        private readonly FailingWriter _writer = new(inner.Writer, failures);

        public Stream Stream => inner.Stream;

        public PipeWriter Writer => _writer;

        public void DisableBuffering() => inner.DisableBuffering();

        public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => inner.SendFileAsync(path, offset, count, cancellationToken);

        public Task CompleteAsync() => inner.CompleteAsync();
    }

    private sealed class FailingWriter(PipeWriter inner, Failures failures) : PipeWriter
    {
        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            if (failures.Left > 0)
            {
                failures.Left--;
                return ValueTask.FromException<FlushResult>(new IOException("no"));
            }

            return inner.FlushAsync(cancellationToken);
        }
    }
}
