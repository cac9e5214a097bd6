using System.IO.Pipelines;

namespace Resilience.Sse.Tests.Support;

/// <summary>Notes who uses the objects of one request after its handler has returned.</summary>
internal sealed class TouchGuard(List<string> touched)
{
    private int _over;

    /// <summary>The handler has returned.</summary>
    public void Over() => Volatile.Write(ref _over, 1);

    public T Touch<T>(T value, string what)
    {
        if (Volatile.Read(ref _over) == 1)
        {
            lock (touched)
            {
                touched.Add(what);
            }
        }

        return value;
    }
}

/// <summary>A response's writer under guard.</summary>
internal sealed class GuardedWriter(PipeWriter inner, TouchGuard guard) : PipeWriter
{
    public override void Advance(int bytes) => guard.Touch(inner, "Advance").Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => guard.Touch(inner, "GetMemory").GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => guard.Touch(inner, "GetSpan").GetSpan(sizeHint);

    public override void CancelPendingFlush() => guard.Touch(inner, "CancelPendingFlush").CancelPendingFlush();

    public override void Complete(Exception? exception = null) => guard.Touch(inner, "Complete").Complete(exception);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => guard.Touch(inner, "FlushAsync").FlushAsync(cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        guard.Touch(inner, "WriteAsync").WriteAsync(source, cancellationToken);
}
