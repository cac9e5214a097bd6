using System.Buffers;
using System.IO.Pipelines;

namespace Resilience.Sse;

/// <summary>
/// A stream with a producer of its own, which runs beside the connection's flow and waits when the client is slow: a bounded number of bytes is between them. A
/// producer that throws is started again after a rest; several failures in a row end the stream. Thread-safe; the lock guards the queue.
/// </summary>
internal sealed class ProducerSource(SseNode node, SseConnection connection, Func<ProducerSource, CancellationToken, Task> produce) : SseSource, IAsyncDisposable
{
    private const int QueuedBytes = 64 * 1024;

    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Queue<byte[]> _queue = new();
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource? _room;
    private int _queued;
    private bool _drainFirst;
    private bool _progress;
    private byte[]? _partial;
    private int _offset;
    private Task? _running;

    public override bool HasRest
    {
        get
        {
            lock (_gate)
            {
                return _partial is not null || (_drainFirst && _queue.Count > 0);
            }
        }
    }

    public override byte[] Begin(int retryMilliseconds)
    {
        _running = Task.Run(SuperviseAsync, CancellationToken.None);
        return System.Text.Encoding.ASCII.GetBytes($":\nretry: {retryMilliseconds}\n\n");
    }

    /// <summary>Hands a frame over; waits while the client has too much before it.</summary>
    public async ValueTask WriteAsync(byte[] frame, CancellationToken cancellationToken)
    {
        await WaitForAsync(QueuedBytes, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        lock (_gate)
        {
            _queue.Enqueue(frame);
            _queued += frame.Length;
            _progress = true;
        }

        connection.OnProduced();
        connection.Wake();
    }

    /// <summary>Waits until everything has been given to the client.</summary>
    public ValueTask WhenEmptyAsync(CancellationToken cancellationToken) => WaitForAsync(1, cancellationToken);

    public override Slice Fill(PipeWriter writer, bool single) => Write(writer, takes: true);

    /// <summary>A stream that was told to end finishes the frame that was begun; it goes on taking only what a producer left that had come to its end.</summary>
    public override Slice FillRest(PipeWriter writer)
    {
        bool takes;
        lock (_gate)
        {
            takes = _drainFirst;
        }

        return Write(writer, takes);
    }

    public override byte[] TellLoss(string gapEvent) => throw new InvalidOperationException("A producer's stream waits for its client; it loses nothing.");

    public override byte[] Heartbeat() => ":\n\n"u8.ToArray();

    /// <summary>Stops the producer and waits for it, within a bound. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(Systematic.KeepContext);
        if (_running is { } running)
        {
            try
            {
                await running.WaitAsync(StopGrace, node.Clock.Time).ConfigureAwait(Systematic.KeepContext);
            }
            catch (TimeoutException e)
            {
                // It does not obey its token. It can reach nothing of the connection but the queue, which goes with it.
                SseLog.ProducerFailed(node.Logger, e, connection.Id, connection.Settings.Name, 0);
            }
        }
    }

    private Slice Write(PipeWriter writer, bool takes)
    {
        var written = 0;
        var events = 0;
        while (written < SliceBytes)
        {
            if (_partial is null && !(takes && TryDequeue(out _partial)))
            {
                break;
            }

            var rest = _partial.AsSpan(_offset);
            var length = Math.Min(rest.Length, SliceBytes - written);
            writer.Write(rest[..length]);
            written += length;
            _offset += length;
            if (length == rest.Length)
            {
                _partial = null;
                _offset = 0;
                events++;
            }
        }

        return new Slice(written, events, written >= SliceBytes);
    }

    private async Task SuperviseAsync()
    {
        var stopping = _stop.Token;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                _progress = false;
                await produce(this, stopping).ConfigureAwait(Systematic.KeepContext);
                End(SseCloseReason.Completed);
                return;
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (connection.OnProducerFailed(e, _progress))
                {
                    End(SseCloseReason.ProducerFailed);
                    return;
                }
            }

            try
            {
                await Task.Delay(node.Options.ProducerRestartDelay, node.Clock.Time, stopping).ConfigureAwait(Systematic.KeepContext);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            node.Metrics.ProducerRestarted(connection.Settings.Name);
        }
    }

    private void End(SseCloseReason reason)
    {
        lock (_gate)
        {
            _drainFirst = true;
        }

        connection.TryClose(reason);
    }

    private bool TryDequeue([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out byte[]? frame)
    {
        TaskCompletionSource? room = null;
        lock (_gate)
        {
            if (!_queue.TryDequeue(out frame))
            {
                return false;
            }

            _queued -= frame.Length;
            room = _room;
            _room = null;
        }

        room?.TrySetResult();
        return true;
    }

    private async ValueTask WaitForAsync(int below, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_gate)
            {
                if (_queued < below)
                {
                    return;
                }

                room = (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await room.WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }
}
