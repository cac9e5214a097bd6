using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Resilience.Sse;

internal sealed partial class SseConnection
{
    private long _flushPendingSince;
    private bool _flushDone;
    private long _stalledUntil = long.MinValue / 2;

    /// <summary>Sends what was written, and after it a frame that was not. False ends the stream.</summary>
    private ValueTask<bool> FlushAsync(HttpContext http, PipeWriter writer, SseFrame? frame)
    {
        ValueTask<FlushResult> flush;
        try
        {
            // No token: cancelling a flush aborts the whole connection on Kestrel, and allocates.
            flush = frame is null ? writer.FlushAsync(CancellationToken.None) : writer.WriteAsync(frame.Bytes, CancellationToken.None);
        }
        catch (Exception e)
        {
            return new ValueTask<bool>(OnFlushFailed(e));
        }

        return flush.IsCompletedSuccessfully ? new ValueTask<bool>(OnFlushed(flush.Result)) : FlushSlowlyAsync(http, flush);
    }

    private async ValueTask<bool> FlushSlowlyAsync(HttpContext http, ValueTask<FlushResult> flush)
    {
        Volatile.Write(ref _flushDone, false);
        Volatile.Write(ref _flushPendingSince, Math.Max(1, node.Clock.Now));
        var watch = WatchAsync(flush);
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

        var (result, exception) = await watch.ConfigureAwait(Systematic.KeepContext);
        if (node.Clock.Now - Volatile.Read(ref _flushPendingSince) >= node.FailurePeriodMs)
        {
            Volatile.Write(ref _stalledUntil, node.Clock.Now);
        }

        var goesOn = !cut && (exception is null ? OnFlushed(result) : OnFlushFailed(exception));
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

        _unflushed = false;
        Volatile.Write(ref _sendFailures, 0);
        Volatile.Write(ref _lastActivity, node.Clock.Now);
        return true;
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
