namespace Resilience.Sse;

internal sealed partial class HubCursor
{
    /// <summary>
    /// Takes the next frames in the order of the sequence over all channels. Returns how many; <paramref name="lost"/> says that something the cursor should have
    /// got was evicted (then nothing is taken before the caller has decided, see <see cref="AcceptLoss"/>).
    /// </summary>
    public int Take(Span<SseFrame?> destination, int bytes, out bool lost)
    {
        lost = false;

        // The head first: see the invariant of the hub. The position is moved by this caller alone, so it may look without the lock.
        var head = hub.Head;
        if (head <= _position)
        {
            return 0;
        }

        lock (this)
        {
            var taken = Subscriptions.Length == 1
                ? TakeFromOne(destination, head, bytes, ref lost)
                : Merge(destination, head, bytes, ref lost);
            return taken;
        }
    }

    /// <summary>Gives up what was evicted and names the channels it was in. The position stays: what other channels still hold is delivered.</summary>
    public string[] AcceptLoss()
    {
        lock (this)
        {
            return MarkLost();
        }
    }

    private int TakeFromOne(Span<SseFrame?> destination, long head, int bytes, ref bool lost)
    {
        var subscription = Subscriptions[0];
        var taken = subscription.Channel.Take(Math.Max(_position, subscription.From), head + 1, destination, ref bytes);
        if (taken < 0)
        {
            lost = true;
            return 0;
        }

        // Not full and bytes left: the channel has nothing more up to the head.
        _position = taken == destination.Length || bytes <= 0 ? destination[taken - 1]!.Sequence : head;
        return taken;
    }

    private int Merge(Span<SseFrame?> destination, long head, int bytes, ref bool lost)
    {
        var all = Subscriptions;
        Span<long> next = stackalloc long[all.Length];
        for (var i = 0; i < next.Length; i++)
        {
            var subscription = all[i];
            var after = Math.Max(_position, subscription.From);
            if (subscription.Channel.LostThrough > after)
            {
                lost = true;
                return 0;
            }

            next[i] = subscription.Channel.PeekAfter(after);
        }

        var taken = 0;
        while (taken < destination.Length && bytes > 0)
        {
            var (first, second) = TwoSmallest(next);
            if (first < 0 || next[first] > head)
            {
                _position = head;
                break;
            }

            // A run of one channel, up to where another channel's next frame begins.
            var subscription = all[first];
            var after = Math.Max(_position, subscription.From);
            var below = Math.Min(second < 0 ? long.MaxValue : next[second], head + 1);
            var run = subscription.Channel.Take(after, below, destination[taken..], ref bytes);
            if (run < 0)
            {
                // Evicted since the look: what was taken before stands, the loss is found again by the next call.
                lost = taken == 0;
                break;
            }

            if (run > 0)
            {
                taken += run;
                _position = destination[taken - 1]!.Sequence;
            }

            next[first] = subscription.Channel.PeekAfter(Math.Max(_position, subscription.From));
        }

        return taken;
    }

    private static (int First, int Second) TwoSmallest(ReadOnlySpan<long> values)
    {
        int first = -1, second = -1;
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] == long.MaxValue)
            {
                continue;
            }

            if (first < 0 || values[i] < values[first])
            {
                second = first;
                first = i;
            }
            else if (second < 0 || values[i] < values[second])
            {
                second = i;
            }
        }

        return (first, second);
    }
}
