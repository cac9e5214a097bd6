using System.Threading.Channels;

namespace Messaging.Realtime;

/// <summary>Wakes the relay. Any number of calls between two looks is one wake-up.</summary>
internal sealed class OutboxSignal
{
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    internal void Set() => _wake.Writer.TryWrite(true);

    /// <summary>Waits for a wake-up, at most until <paramref name="deadline"/> is cancelled.</summary>
    internal async ValueTask WaitAsync(CancellationToken deadline)
    {
        await _wake.Reader.WaitToReadAsync(deadline);
        _wake.Reader.TryRead(out _);
    }
}
