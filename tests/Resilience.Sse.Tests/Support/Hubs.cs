using System.Text;
using Resilience.TestKit;

namespace Resilience.Sse.Tests.Support;

internal static class Hubs
{
    public static SseHub Create(HubLimits limits, ManualTimeProvider? time = null) =>
        new(new SseClock(time ?? new ManualTimeProvider(), new Random(1)), limits, new HubEpoch("1test"));

    public static SseEventId Publish(this SseHub hub, string channel, string data = "x", string? deduplicationId = null) =>
        hub.Append(channel, SseFrame.Encode(hub.Epoch.IdPrefix.Length, null, Encoding.UTF8.GetBytes(data)), deduplicationId, out _);

    public static HubCursor Cursor(this SseHub hub, params string[] channels) => hub.Cursor(null, channels);

    public static HubCursor Cursor(this SseHub hub, string? lastEventId, string[] channels)
    {
        var cursor = new HubCursor(hub, new WakeSignal(), 64);
        cursor.Open(channels, lastEventId, hub.Head);
        return cursor;
    }

    /// <summary>Takes everything there is; null at the place of a loss.</summary>
    public static List<long?> Drain(this HubCursor cursor, int slice = 256, int bytes = int.MaxValue)
    {
        var result = new List<long?>();
        var frames = new SseFrame?[slice];
        while (true)
        {
            var taken = cursor.Take(frames, bytes, out var lost);
            if (lost)
            {
                cursor.AcceptLoss();
                result.Add(null);
                continue;
            }

            if (taken == 0)
            {
                return result;
            }

            result.AddRange(frames.Take(taken).Select(static f => (long?)f!.Sequence));
        }
    }
}
