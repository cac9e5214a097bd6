using System.IO.Pipelines;

namespace Resilience.Sse;

/// <summary>
/// What the pump does for a stream that rests: one that waits with nothing begun. The thread that has released it is its flow until it parks it again: it alone takes
/// frames and writes, exactly as the flow would, which is not resumed. It never waits, and for whatever is out of the ordinary it resumes the flow. A wake-up that
/// comes meanwhile is kept by the signal: parking fails, and everything is looked at again.
/// </summary>
internal sealed partial class SseConnection
{
    // Written by the flow before it is parked, read by the one who releases it.
    private bool _rests;

    /// <summary>Whether there is something that only the flow does. Each is set before the wake-up that tells of it, so it is seen after that.</summary>
    private bool NeedsFlow =>
        IsClosing || Volatile.Read(ref _gone) || Volatile.Read(ref _cut) || Volatile.Read(ref _heartbeatDue) == 1 || _unflushed;

    // A stream that rests has the server's own writer, so nothing of the application is called here; its end may come at any moment.
    public override bool Prefetch() =>
        base.Prefetch() && Volatile.Read(ref _rests) && Volatile.Read(ref _lastActivity) != long.MinValue && _source?.Prefetch() == true && _writer?.CanGetUnflushedBytes == true;

    protected override void OnReleased()
    {
        if (!_direct)
        {
            // Behind a body that an application wrapped is the application's code, and it may take its time.
            Systematic.Queue(this);
            return;
        }

        while (_rests && !NeedsFlow)
        {
            Systematic.Interleave("sse.rest.serving");
            switch (Serve())
            {
                case Step.Stop:
                    Continue();
                    return;
                case Step.WroteAll:
                    // Others wait for this thread: the flow goes on with what is left.
                    Systematic.Queue(this);
                    return;
            }

            // Whatever was published since the look wakes once more, which is kept: it is not looked for now, so that a busy publisher cannot hold the thread here.

            Systematic.Interleave("sse.rest.parking");
            if (TryPark())
            {
                return;
            }

            TryTake();
        }

        Continue();
    }

    /// <summary>Sends what there is; <see cref="Step.Stop"/> when the flow has to see to it.</summary>
    private Step Serve()
    {
        try
        {
            var slice = _source!.Fill(_writer!, single: true);
            if (slice.Bytes == 0)
            {
                return slice.Lost ? Step.Stop : Step.Nothing;
            }

            Count(slice);
            return !TrySend(slice.Frame) ? Step.Stop : slice.More ? Step.WroteAll : Step.Wrote;
        }
        catch (Exception e)
        {
            // It is the flow's, and ends this stream; the pump has others to serve.
            LeaveToFlow(Task.FromException<(FlushResult, Exception?)>(e));
            return Step.Stop;
        }
    }
}
