using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Resilience.Sse;

internal sealed partial class SseConnection
{
    private long _flushPendingSince;
    private bool _flushDone;

    // What came of a send that has not simply succeeded. The flow sees to it, whoever sent.
    private Task<(FlushResult Result, Exception? Exception)>? _sent;
    private long _stalledUntil = long.MinValue / 2;

    /// <summary>Sends what was written, and after it a frame that was not. False ends the stream.</summary>
    private ValueTask<bool> FlushAsync(HttpContext http, SseFrame? frame) =>
        TrySend(frame) ? new ValueTask<bool>(true) : FlushSlowlyAsync(http);

    /// <summary>The same as far as it goes without waiting. False when it does not, or went wrong: <see cref="FlushSlowlyAsync"/> sees to what came of it.</summary>
    private bool TrySend(SseFrame? frame)
    {
        try
        {
            // No token: cancelling a flush aborts the whole connection on Kestrel, and allocates.
            var flush = frame is null ? _writer!.FlushAsync(CancellationToken.None) : _writer!.WriteAsync(frame.Bytes, CancellationToken.None);
            if (flush.IsCompletedSuccessfully)
            {
                var result = flush.Result;
                if (!result.IsCompleted && !result.IsCanceled)
                {
                    OnSent();
                    return true;
                }

                LeaveToFlow(Task.FromResult((result, (Exception?)null)));
                return false;
            }

            Volatile.Write(ref _flushDone, false);
            Volatile.Write(ref _flushPendingSince, Math.Max(1, node.Clock.Now));
            _sent = WatchAsync(flush);
        }
        catch (Exception e)
        {
            LeaveToFlow(Task.FromResult((default(FlushResult), (Exception?)e)));
        }

        return false;
    }

    private void LeaveToFlow(Task<(FlushResult Result, Exception? Exception)> sent)
    {
        _sent = sent;
        Volatile.Write(ref _flushDone, true);
    }

    private async ValueTask<bool> FlushSlowlyAsync(HttpContext http)
    {
        var cut = false;
        while (!Volatile.Read(ref _flushDone))
        {
            if (Volatile.Read(ref _cut) && !cut)
            {
                cut = true;
                http.Abort();
                continue;
            }

            await WaitAsync().ConfigureAwait(Systematic.KeepContext);
        }

        var sent = _sent!;
        _sent = null;
        var (result, exception) = await sent.ConfigureAwait(Systematic.KeepContext);
        var since = Volatile.Read(ref _flushPendingSince);
        if (since != 0 && node.Clock.Now - since >= node.FailurePeriodMs)
        {
            Volatile.Write(ref _stalledUntil, node.Clock.Now);
        }

        var goesOn = !cut && (exception is null ? OnFlushed(result) : OnFlushFailed(exception));
        Systematic.Interleave("sse.flush.ended");
        Volatile.Write(ref _flushPendingSince, 0);
        return goesOn;
    }

    private async Task<(FlushResult Result, Exception? Exception)> WatchAsync(ValueTask<FlushResult> flush)
    {
        (FlushResult, Exception?) outcome;
        try
        {
            outcome = (await flush.ConfigureAwait(Systematic.KeepContext), null);
        }
        catch (Exception e)
        {
            outcome = (default, e);
        }

        Volatile.Write(ref _flushDone, true);
        Wake();
        return outcome;
    }

    private bool OnFlushed(in FlushResult result)
    {
        if (result.IsCompleted)
        {
            TryClose(GoneReason());
            return false;
        }

        if (result.IsCanceled)
        {
            return OnFlushFailed(null);
        }

        OnSent();
        return true;
    }

    private void OnSent()
    {
        _unflushed = false;
        Volatile.Write(ref _sendFailures, 0);
        Volatile.Write(ref _lastActivity, node.Clock.Now);
    }

    /// <summary>The bytes are still with the writer: the next flush, one turn of the wheel later, sends them.</summary>
    private bool OnFlushFailed(Exception? exception)
    {
        if (Volatile.Read(ref _gone))
        {
            return false;
        }

        _unflushed = true;

        // Over, and not pending: the visit that is asked for below must find a failure to try again, and not a stall to wait for.
        Volatile.Write(ref _flushPendingSince, 0);
        var failures = CountSendFailure();
        SseLog.SendFailed(node.Logger, exception, Id, failures);
        if (failures < node.Options.MaxConsecutiveFailures && !IsClosing)
        {
            node.Wheel.VisitSoon(this);
            Systematic.Interleave("sse.flush.failed");
            return true;
        }

        TryClose(SseCloseReason.SendFailed);
        return false;
    }

    private int CountSendFailure()
    {
        Interlocked.Increment(ref _errors);
        node.CountError(ErrorKinds.Send);
        return Interlocked.Increment(ref _sendFailures);
    }
}
