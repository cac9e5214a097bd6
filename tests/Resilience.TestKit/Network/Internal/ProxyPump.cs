using System.Net.Sockets;
using System.Threading.Channels;

namespace Resilience.TestKit.Network.Internal;

/// <summary>Moves one direction of one connection: a reader stamps each piece with the time at which it is due, a writer passes it on.</summary>
internal sealed class ProxyPump(Socket from, Socket to, ProxyLane lane, Task halfClose, Action reset, CancellationToken cancellationToken)
{
    private const int PieceBytes = 16 * 1024;

    // Bounds what a delay can hold back; beyond it the sender's window fills up, as on a real link.
    private const int Pieces = 256;

    // Timers are good to some milliseconds; a shorter wait is spent on the thread, or it would be many times as long.
    private static readonly TimeSpan CoarseTimer = TimeSpan.FromMilliseconds(2);

    private readonly Channel<(byte[] Data, long Read)> _pieces = Channel.CreateBounded<(byte[] Data, long Read)>(Pieces);

    /// <summary>Ends when the direction has ended. The first failure resets the connection at once: that also ends whoever waits on it.</summary>
    public Task RunAsync() => Task.WhenAll(GuardAsync(ReadAsync()), GuardAsync(WriteAsync()));

    private async Task GuardAsync(Task half)
    {
        try
        {
            await half.ConfigureAwait(false);
        }
        catch
        {
            reset();
            throw;
        }
    }

    private async Task ReadAsync()
    {
        Exception? error = null;
        try
        {
            while (true)
            {
                await lane.PassAsync(cancellationToken).ConfigureAwait(false);
                var buffer = new byte[PieceBytes];
                var reading = from.ReceiveAsync(buffer.AsMemory(), cancellationToken).AsTask();
                if (await Task.WhenAny(reading, halfClose).ConfigureAwait(false) != reading)
                {
                    Forget(reading);
                    return;
                }

                var count = await reading.ConfigureAwait(false);
                if (count == 0)
                {
                    return;
                }

                if (!lane.Discard)
                {
                    await _pieces.Writer.WriteAsync((buffer[..count], lane.TimeProvider.GetTimestamp()), cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e)
        {
            error = e;
            throw;
        }
        finally
        {
            _pieces.Writer.TryComplete(error);
        }
    }

    private async Task WriteAsync()
    {
        long passed = 0;
        await foreach (var (data, read) in _pieces.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await DelayAsync(read).ConfigureAwait(false);
            await lane.PassAsync(cancellationToken).ConfigureAwait(false);
            var allowed = lane.Allowance(passed, data.Length);
            for (var sent = 0; sent < allowed;)
            {
                sent += await to.SendAsync(data.AsMemory(sent, allowed - sent), cancellationToken).ConfigureAwait(false);
            }

            passed += allowed;
            lane.Count(allowed);
            if (allowed < data.Length || lane.Allowance(passed, 1) == 0)
            {
                await CutAsync().ConfigureAwait(false);
            }
        }

        to.Shutdown(SocketShutdown.Send);
    }

    private async ValueTask DelayAsync(long read)
    {
        var wait = lane.Delay - lane.TimeProvider.GetElapsedTime(read);
        if (wait >= CoarseTimer || (wait > TimeSpan.Zero && lane.TimeProvider != TimeProvider.System))
        {
            await Task.Delay(wait, lane.TimeProvider, cancellationToken).ConfigureAwait(false);
            return;
        }

        while (wait > TimeSpan.Zero && lane.TimeProvider.GetElapsedTime(read) < lane.Delay)
        {
            Thread.Yield();
        }
    }

    /// <summary>
    /// The receiver must have the allowed bytes before the reset, for a reset drops what it has not yet read from the network: a graceful end of this half first.
    /// </summary>
    private async Task CutAsync()
    {
        await SocketQueue.WhenAcknowledgedAsync(to, cancellationToken).ConfigureAwait(false);
        throw new SocketException((int)SocketError.ConnectionReset);
    }

    private static void Forget(Task task) => task.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
}
