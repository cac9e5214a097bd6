using Resilience.Sse;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Sse;

/// <summary>Faults that are planted into a copy of what the pump does for a stream that rests.</summary>
public enum RestFault
{
    /// <summary>The copy without a fault: shows that the faults below are what is found.</summary>
    None,

    /// <summary>Whoever wakes serves at once, without releasing the flow first.</summary>
    ServesWithoutReleasing,

    /// <summary>A wake-up that came while the stream was served is thrown away.</summary>
    ParksOverAWakeUp,

    /// <summary>The stream is not parked again.</summary>
    ForgetsToPark,

    /// <summary>What only the flow does is passed over.</summary>
    PassesOverTheClose,
}

/// <summary>Wakers that serve a stream on their own threads, and a close that only the flow can answer.</summary>
internal static class RestModel
{
    private const int Wakers = 2;
    private const int Each = 2;

    public static async Task RunAsync(Schedule schedule, RestFault fault)
    {
        var stream = new RestingStream(fault);
        var flow = schedule.Run("flow", stream.RunAsync);
        var wakers = Enumerable.Range(0, Wakers).Select(i => schedule.Run($"waker {i}", async () =>
        {
            for (var n = 0; n < Each; n++)
            {
                stream.Published++;
                Schedule.Point("published");
                stream.Pump();
                await schedule.Yield();
            }
        })).ToArray();

        // Nothing else wakes the stream: for an event that was passed over this would wait in vain.
        await stream.AllSent.Task;
        await schedule.Run("close", () =>
        {
            stream.Closing = true;
            stream.Wake();
        });
        foreach (var task in wakers.Append(flow))
        {
            await task;
        }
    }

    /// <summary>A stream in its smallest form.</summary>
    private sealed class RestingStream(RestFault fault) : WakeSignal
    {
        private int _sent;
        private bool _sending;

        public TaskCompletionSource AllSent { get; } = new();

        public int Published { get; set; }

        public bool Closing { get; set; }

        public async Task RunAsync()
        {
            while (!Closing)
            {
                if (!Send())
                {
                    await WaitAsync();
                }
            }
        }

        public void Pump()
        {
            if (fault == RestFault.ServesWithoutReleasing)
            {
                OnReleased();
            }
            else
            {
                WakeInline();
            }
        }

        protected override void OnReleased()
        {
            while (!Closing || fault == RestFault.PassesOverTheClose)
            {
                Send();
                Schedule.Point("before parking");
                if (fault == RestFault.ForgetsToPark || TryPark())
                {
                    return;
                }

                TryTake();
                if (fault == RestFault.ParksOverAWakeUp && TryPark())
                {
                    return;
                }
            }

            Continue();
        }

        private bool Send()
        {
            Schedule.Check(!_sending, "two write at once");
            if (_sent == Published)
            {
                return false;
            }

            var head = Published;
            _sending = true;
            Schedule.Point("sending");
            _sending = false;
            _sent = head;
            if (_sent == Wakers * Each)
            {
                AllSent.SetResult();
            }

            return true;
        }
    }
}
