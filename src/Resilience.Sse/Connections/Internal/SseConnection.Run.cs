using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Resilience.Sse;

internal sealed partial class SseConnection
{
    private PipeWriter? _writer;
    private bool _unflushed;
    private bool _direct;

    /// <summary>Runs the stream to its end. The caller frees afterwards, whatever happened.</summary>
    public Task RunAsync(HttpContext http, SseSource source)
    {
        _source = source;
        HoldStream(source);
        _transport = SocketTuning.Apply(http, node);
        Interlocked.CompareExchange(ref _state, (byte)SseConnectionState.Open, (byte)SseConnectionState.Connecting);
        if (IsClosing)
        {
            Interlocked.CompareExchange(ref _state, (byte)SseConnectionState.Closing, (byte)SseConnectionState.Open);
        }

        StartDeadlines();
        _abort = http.RequestAborted.UnsafeRegister(static state => ((SseConnection)state!).OnAborted(), this);

        // The server's own writer takes a frame over whatever happens then; from a body that an application wrapped, a failed write may have lost it.
        _direct = http.Features.Get<IHttpResponseBodyFeature>() is IHttpRequestFeature;
        var writer = _writer = http.Response.BodyWriter;
        Write(writer, source.Begin((int)node.Options.ReconnectDelay.TotalMilliseconds));
        return LoopAsync(http);
    }

    // Apart from the above, so that what every idle connection keeps is only what the loop needs.
    private async Task LoopAsync(HttpContext http)
    {
        if (!await FlushAsync(http, null).ConfigureAwait(Systematic.KeepContext))
        {
            return;
        }

        while (true)
        {
            if (Volatile.Read(ref _gone))
            {
                return;
            }

            if (Volatile.Read(ref _cut))
            {
                http.Abort();
                return;
            }

            // Read once: the last words must not follow a frame that was begun after the reason was set.
            SseFrame? frame = null;
            var step = IsClosing ? Finish(_writer!, _source!) : Next(_writer!, _source!, out frame);
            if (step == Step.Stop)
            {
                return;
            }

            if (step == Step.Nothing)
            {
                _rests = _direct;
                await WaitAsync().ConfigureAwait(Systematic.KeepContext);
                _rests = false;
                if (_sent is not null && !await FlushSlowlyAsync(http).ConfigureAwait(Systematic.KeepContext))
                {
                    return;
                }

                continue;
            }

            if (!await FlushAsync(http, frame).ConfigureAwait(Systematic.KeepContext) || step == Step.Last)
            {
                return;
            }

            if (step == Step.WroteAll)
            {
                // A reader with much to get lets others run between its slices.
                await Task.Yield();
            }
        }
    }

    private enum Step
    {
        Nothing,
        Wrote,
        WroteAll,
        Last,
        Stop,
    }

    private Step Next(PipeWriter writer, SseSource source, out SseFrame? frame)
    {
        frame = null;
        if (_unflushed)
        {
            return Interlocked.Exchange(ref _retryDue, 0) == 1 ? Step.Wrote : Step.Nothing;
        }

        // Looked at first: a heartbeat tells the position at which the stream stands when it is due, or a later one. For one that becomes due hereafter there is a wake-up.
        var heartbeatDue = Volatile.Read(ref _heartbeatDue) == 1;
        var slice = source.Fill(writer, _direct);
        if (slice.Lost)
        {
            return OnLost(writer, source);
        }

        if (slice.Bytes > 0)
        {
            Count(slice);
            frame = slice.Frame;
            return slice.More ? Step.WroteAll : Step.Wrote;
        }

        Systematic.Interleave("sse.nothing");
        if (heartbeatDue && Interlocked.Exchange(ref _heartbeatDue, 0) == 1)
        {
            _suspect = _transport.IsSilent(settings.HeartbeatMs) ?? _suspect;
            Write(writer, source.Heartbeat());
            node.Metrics.Heartbeat();
            return Step.Wrote;
        }

        return Step.Nothing;
    }

    private Step Finish(PipeWriter writer, SseSource source)
    {
        if (!CloseReasons.IsTold(CloseReason))
        {
            return Step.Stop;
        }

        if (source.HasRest)
        {
            var slice = source.FillRest(writer);
            Count(slice);
            return slice.Bytes > 0 ? Step.WroteAll : Step.Nothing;
        }

        Write(writer, LastFrames());
        return Step.Last;
    }

    private Step OnLost(PipeWriter writer, SseSource source)
    {
        if (settings.SlowClientPolicy == SseSlowClientPolicy.Disconnect)
        {
            TryClose(SseCloseReason.SlowConsumer);
            return Finish(writer, source);
        }

        node.Metrics.Gap("evicted");
        Write(writer, source.TellLoss(node.Options.GapEventName));
        return Step.Wrote;
    }

    private void Count(in Slice slice)
    {
        Volatile.Write(ref _events, _events + slice.Events);
        Volatile.Write(ref _bytes, _bytes + slice.Bytes);
        node.Metrics.Sent(slice.Events, slice.Bytes);
    }

    private void Write(PipeWriter writer, byte[] bytes)
    {
        bytes.CopyTo(writer.GetSpan(bytes.Length));
        writer.Advance(bytes.Length);
        Volatile.Write(ref _bytes, _bytes + bytes.Length);
        node.Metrics.Sent(0, bytes.Length);
    }
}
