using System.IO.Pipelines;

namespace Resilience.Sse;

/// <summary>What one call wrote.</summary>
/// <param name="Bytes">Bytes given to the writer.</param>
/// <param name="Events">Events that are complete with them.</param>
/// <param name="More">Whether there may be more than what came after the call had begun, of which a wake-up tells.</param>
/// <param name="Lost">Whether events that the client should have got are gone; then nothing was written.</param>
/// <param name="Frame">The only frame of the slice, counted but not written: whoever called writes and flushes it in one.</param>
internal readonly record struct Slice(int Bytes, int Events, bool More, bool Lost = false, SseFrame? Frame = null);

/// <summary>Where a stream's bytes come from. Only the connection's own flow calls it, but for what its producer hands over.</summary>
internal abstract class SseSource
{
    /// <summary>The most that is given to the writer before it is flushed.</summary>
    public const int SliceBytes = 32 * 1024;

    /// <summary>Whether something has to be written before the stream may end: the rest of a frame, or what a finished producer left.</summary>
    public abstract bool HasRest { get; }

    public virtual HubCursor? Cursor => null;

    /// <summary>See <see cref="WakeSignal.Prefetch"/>.</summary>
    public virtual bool Prefetch() => true;

    /// <summary>The first bytes of the stream, which must not begin with the application's own.</summary>
    public abstract byte[] Begin(int retryMilliseconds);

    /// <summary>Writes the next slice.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="single">Whether a slice of one frame may be given back unwritten.</param>
    public abstract Slice Fill(PipeWriter writer, bool single);

    /// <summary>Writes a slice of what <see cref="HasRest"/> speaks of.</summary>
    public abstract Slice FillRest(PipeWriter writer);

    /// <summary>Gives up what was lost and gives the bytes that tell the client.</summary>
    public abstract byte[] TellLoss(string gapEvent);

    public abstract byte[] Heartbeat();
}
