namespace Resilience.LoadTests.Sse;

/// <summary>A running server that streams events to whoever asks for its path.</summary>
internal interface ISseTarget : IAsyncDisposable
{
    int Port { get; }

    /// <summary>Has so many events published at once.</summary>
    Task PublishAsync(int count);

    /// <summary>Processor time since the server's start, in microseconds.</summary>
    Task<double> CpuAsync();

    /// <summary>What the server's memory is, in bytes: each kind of target in its own measure.</summary>
    Task<long> MemoryAsync();
}
