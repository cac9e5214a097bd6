namespace Resilience.Sse.Tests.Support;

internal sealed class CountingObserver : ISseConnectionObserver
{
    private int _opened;
    private int _closed;

    public int Opened => Volatile.Read(ref _opened);

    public int Closed => Volatile.Read(ref _closed);

    void ISseConnectionObserver.Opened(SseConnectionInfo connection) => Interlocked.Increment(ref _opened);

    void ISseConnectionObserver.Closed(SseConnectionInfo connection) => Interlocked.Increment(ref _closed);
}
