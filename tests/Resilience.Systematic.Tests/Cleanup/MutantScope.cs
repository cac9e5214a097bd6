using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Cleanup;

/// <summary>The faults that are planted into the copy of the scope's protocol.</summary>
internal enum ScopeMutant
{
    /// <summary>The copy is right: shows that the faults below are what is found.</summary>
    None,

    /// <summary>The state is read and then written, without compare-and-swap.</summary>
    NoCompareAndSwap,

    /// <summary>Oldest first.</summary>
    OldestFirst,

    /// <summary>The state is checked before the lock and not again under it.</summary>
    LateRegistrationLost,

    /// <summary>The waiters are woken before the last step ran.</summary>
    CompletesTooEarly,

    /// <summary>The loser of the race returns its own report instead of the winner's.</summary>
    OwnReport,
}

/// <summary>A copy of the scope's protocol in its smallest form, into which faults are planted.</summary>
internal sealed class MutantScope(ScopeMutant mutant) : IScopeSubject
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<object> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<Func<ValueTask>> _steps = [];
    private int _closing;

    public void Add(Func<ValueTask> step)
    {
        Schedule.Point("before registering");
        var early = Volatile.Read(ref _closing) == 0;
        if (mutant == ScopeMutant.LateRegistrationLost)
        {
            Schedule.Point("between check and lock");
        }

        lock (_lock)
        {
            if (mutant == ScopeMutant.LateRegistrationLost ? early : Volatile.Read(ref _closing) == 0)
            {
                _steps.Add(step);
                return;
            }
        }

        _ = step().AsTask();
    }

    public async ValueTask<object> CloseAsync()
    {
        Schedule.Point("before closing");
        if (!Win())
        {
            return mutant == ScopeMutant.OwnReport ? new object() : await _completion.Task;
        }

        List<Func<ValueTask>> steps;
        lock (_lock)
        {
            steps = _steps;
            _steps = [];
        }

        if (mutant != ScopeMutant.OldestFirst)
        {
            steps.Reverse();
        }

        var report = new object();
        for (var i = 0; i < steps.Count; i++)
        {
            if (mutant == ScopeMutant.CompletesTooEarly && i == steps.Count - 1)
            {
                _completion.TrySetResult(report);
            }

            Schedule.Point("before a step");
            await steps[i]();
        }

        _completion.TrySetResult(report);
        return report;
    }

    private bool Win()
    {
        if (mutant != ScopeMutant.NoCompareAndSwap)
        {
            return Interlocked.CompareExchange(ref _closing, 1, 0) == 0;
        }

        if (_closing == 1)
        {
            return false;
        }

        Schedule.Point("between read and write");
        _closing = 1;
        return true;
    }
}
