namespace Resilience.TestKit.Systematic.Internal;

/// <summary>
/// A thread that can hold the baton. Exactly one worker runs at any moment; the others wait at their gate, either idle or in the middle of
/// a strand that is parked at an interleaving point.
/// </summary>
internal sealed class Worker
{
    [ThreadStatic]
    private static Worker? _current;

    private readonly SemaphoreSlim _gate = new(0);
    private readonly Engine _engine;
    private Strand? _assigned;

    public Worker(Engine engine, int number)
    {
        _engine = engine;
        var thread = new Thread(Main, 512 * 1024) { IsBackground = true, Name = $"schedule worker {number}" };
        thread.UnsafeStart();
    }

    /// <summary>The worker that the calling thread is, or <see langword="null"/> for a thread that does not belong to the explorer.</summary>
    public static Worker? Current => _current;

    public Engine Engine => _engine;

    /// <summary>The logical task whose code this worker is running.</summary>
    public LogicalTask? Running { get; private set; }

    /// <summary>Hands the baton to this worker. The caller must not touch the engine afterwards, unless the baton comes back.</summary>
    public void Wake(Strand? assigned = null)
    {
        _assigned = assigned;
        _gate.Release();
    }

    /// <summary>Waits until somebody hands the baton back.</summary>
    public void Park() => _gate.Wait();

    public void Execute(in Strand strand)
    {
        Running = strand.Task;
        SynchronizationContext.SetSynchronizationContext(strand.Task);
        try
        {
            strand.Callback!(strand.State);
        }
        catch (Exception exception) when (exception is not ScheduleAbandonedException)
        {
            _engine.Fail(ScheduleFailureKind.Exception, $"An exception left a continuation of '{strand.Task.Name}'.", exception);
        }
        catch (ScheduleAbandonedException)
        {
            // The schedule is over; the strand was only unwound.
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
            Running = null;
        }
    }

    private void Main()
    {
        _current = this;
        while (true)
        {
            _gate.Wait();
            var assigned = _assigned;
            _assigned = null;
            if (_engine.Stopped)
            {
                _gate.Dispose();
                return;
            }

            _engine.Loop(this, assigned);
        }
    }
}
