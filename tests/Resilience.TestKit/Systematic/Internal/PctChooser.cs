namespace Resilience.TestKit.Systematic.Internal;

/// <summary>
/// Random priorities with <c>depth - 1</c> change points spread over the expected number of steps. A task that runs too long without giving way is lowered,
/// so that a polling loop cannot starve the others for ever.
/// </summary>
internal sealed class PctChooser(int depth) : IChooser
{
    private const int LongRun = 300;

    private readonly int[] _changes = new int[Math.Max(0, depth - 1)];
    private SplitMix _random;
    private LogicalTask? _last;
    private int _run;
    private long _lowest;

    public void Begin(ulong seed, int expectedSteps)
    {
        _random = new SplitMix(seed);
        _last = null;
        _run = 0;
        _lowest = 0;
        for (var i = 0; i < _changes.Length; i++)
        {
            _changes[i] = 1 + _random.Below(Math.Max(1, expectedSteps));
        }
    }

    public void TaskCreated(LogicalTask task) => task.Priority = 1 + (long)(_random.Next() >> 2);

    public int Choose(List<Strand> ready, int step)
    {
        var best = Best(ready);
        if (Array.IndexOf(_changes, step) >= 0)
        {
            Lower(ready[best].Task);
            best = Best(ready);
        }

        var task = ready[best].Task;
        _run = ReferenceEquals(task, _last) ? _run + 1 : 0;
        _last = task;
        if (_run > LongRun)
        {
            Lower(task);
        }

        return best;
    }

    public void Yielded(LogicalTask task) => Lower(task);

    private static int Best(List<Strand> ready)
    {
        var best = 0;
        for (var i = 1; i < ready.Count; i++)
        {
            var byPriority = ready[i].Task.Priority.CompareTo(ready[best].Task.Priority);
            if (byPriority > 0 || (byPriority == 0 && ready[i].Sequence < ready[best].Sequence))
            {
                best = i;
            }
        }

        return best;
    }

    private void Lower(LogicalTask task)
    {
        task.Priority = --_lowest;
        _run = 0;
    }
}
