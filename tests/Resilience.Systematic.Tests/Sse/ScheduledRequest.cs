using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Sse;

/// <summary>
/// A request under the explorer: a response whose writer gives way at each step and takes one caller at a time, and a client that may go or stand still. The writer is
/// the server's own, as on a socket, or one that an application put around it.
/// </summary>
internal sealed class ScheduledRequest : PipeWriter, IHttpResponseBodyFeature, IHttpRequestLifetimeFeature
{
    private readonly CancellationTokenSource _aborted = new();
    private readonly MemoryStream _written = new();
    private readonly TaskCompletionSource<FlushResult> _stall = new();
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly List<(string Text, TaskCompletionSource Seen)> _awaited = [];

    private bool _writing;
    private bool _flushing;
    private long _flushed;
    private TaskCompletionSource<FlushResult>? _held;

    public ScheduledRequest(bool wrapped = false)
    {
        Http.Features.Set<IHttpResponseBodyFeature>(wrapped ? this : new OwnBody(this));
        Http.Features.Set<IHttpRequestLifetimeFeature>(this);
    }

    public DefaultHttpContext Http { get; } = new();

    /// <summary>Whether the handler has returned: from here on nobody may use the request.</summary>
    public bool Over { get; set; }

    /// <summary>The client reads nothing: a flush stays pending until the request is aborted.</summary>
    public bool Stalled { get; set; }

    /// <summary>Whether a flush is pending that <see cref="Fail"/> or <see cref="Pass"/> ends.</summary>
    public bool IsHeld { get; private set; }

    public string Text => Encoding.UTF8.GetString(_written.ToArray());

    public bool Gone => _aborted.IsCancellationRequested;

    public CancellationToken RequestAborted
    {
        get => Use(_aborted.Token);
        set => throw new NotSupportedException();
    }

    public Stream Stream => Stream.Null;

    public PipeWriter Writer => Use(this);

    /// <summary>Completes when the text has reached the client.</summary>
    public Task WhenAsync(string text)
    {
        var seen = new TaskCompletionSource();
        _awaited.Add((text, seen));
        Tell();
        return seen.Task;
    }

    /// <summary>The next flush stays pending.</summary>
    public void HoldNext() => _held = new();

    /// <summary>The flush that is pending fails; its bytes go with the one after it.</summary>
    public void Fail() => Release(null).SetException(new IOException("no"));

    /// <summary>The flush that is pending has sent its bytes; the next one stays pending or does not.</summary>
    public void Pass(bool holdNext)
    {
        var held = Release(holdNext ? new() : null);
        Send();
        held.SetResult(default);
    }

    /// <summary>The client is gone.</summary>
    public void Go()
    {
        _aborted.Cancel();
        _stall.TrySetResult(default);
        _held?.TrySetResult(default);
    }

    public void Abort()
    {
        Use(0);
        Go();
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => Use(_buffer);

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Use(0);
        Schedule.Check(!_writing && !_flushing, "two write at once");
        _writing = true;
        Schedule.Point("writing");
        return _buffer;
    }

    public override void Advance(int bytes)
    {
        _writing = false;
        _written.Write(Use(_buffer), 0, bytes);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Use(0);
        Schedule.Check(!_writing && !_flushing, "two write at once");
        _flushing = true;
        Schedule.Point("flushing");
        _flushing = false;
        if (Stalled && !Gone)
        {
            return new ValueTask<FlushResult>(_stall.Task);
        }

        if (_held is not null)
        {
            IsHeld = true;
            return new ValueTask<FlushResult>(_held.Task);
        }

        Send();
        return default;
    }

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null) => throw new NotSupportedException();

    void IHttpResponseBodyFeature.DisableBuffering()
    {
    }

    Task IHttpResponseBodyFeature.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHttpResponseBodyFeature.SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IHttpResponseBodyFeature.CompleteAsync() => Task.CompletedTask;

    private TaskCompletionSource<FlushResult> Release(TaskCompletionSource<FlushResult>? next)
    {
        var held = _held!;
        _held = next;
        IsHeld = false;
        return held;
    }

    private void Send()
    {
        _flushed = _written.Length;
        Tell();
    }

    private void Tell()
    {
        var arrived = Encoding.UTF8.GetString(_written.GetBuffer(), 0, (int)_flushed);
        foreach (var (_, seen) in _awaited.Where(a => arrived.Contains(a.Text, StringComparison.Ordinal)).ToList())
        {
            seen.TrySetResult();
        }
    }

    private T Use<T>(T value)
    {
        Schedule.Check(!Over, "the request was used after its handler had returned");
        return value;
    }

    /// <summary>By this the package knows the server's own body: it is the request itself.</summary>
    private sealed class OwnBody(IHttpResponseBodyFeature inner) : HttpRequestFeature, IHttpResponseBodyFeature
    {
        public Stream Stream => inner.Stream;

        public PipeWriter Writer => inner.Writer;

        public void DisableBuffering() => inner.DisableBuffering();

        public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => inner.SendFileAsync(path, offset, count, cancellationToken);

        public Task CompleteAsync() => inner.CompleteAsync();
    }
}
