using Resilience.Shared;

namespace Resilience.Cleanup;

/// <summary>
/// What a scope owns; <see cref="CleanupScope.Move"/> hands it on as a whole, so handles stay valid. Exactly-once is decided here, by one change of the state:
/// whoever takes the phase to Running runs the steps. Queues, fallbacks, retries and shutdown may all call <see cref="CloseAsync"/>; the others only wait.
/// </summary>
/// <remarks>
/// The lock guards the list while the phase is Open, the counters beside the close, the report and the lazily made sources. It is a leaf: nothing is called while it
/// is held. It is the core itself, which nobody outside this type can lock, because a lock of its own would make every open scope a third larger.
/// The phase leaves Open and becomes Closed under the lock, so the list is frozen between and belongs to whoever takes the phase to Running.
/// </remarks>
internal sealed partial class ScopeCore(ScopeEnvironment environment)
{
    public static readonly CleanupReport Nothing = new(isCompleted: true, CleanupReason.Unspecified, default, TimeSpan.Zero);

    private const int PhaseMask = 3;
    private const int Open = 0;
    private const int Begun = 1;
    private const int Running = 2;
    private const int Closed = 3;
    private const int ReasonShift = 2;

    // The phase, and above it the reason, so that both are decided at once.
    private int _state;
    private Step[] _steps = [];
    private int _count;
    private int _holes;
    private bool _hasMemberships;

    // The newest id while the phase is Open; from the post on, when there are no more ids, its timestamp. Most scopes are open for long, and pay for their size.
    private long _lastIdOrPost;

    // Steps that are run by their handles, beside the close.
    private int _early;
    private TaskCompletionSource? _earlyDrained;
    private StepTally _beside;

    private CancellationTokenSource? _closing;
    private TaskCompletionSource<CleanupReport>? _completion;
    private long _started;
    private int _runningThread;

    public CleanupState State => (Volatile.Read(ref _state) & PhaseMask) switch
    {
        Open => CleanupState.Open,
        Closed => CleanupState.Closed,
        _ => CleanupState.Closing,
    };

    public CleanupReason Reason => (CleanupReason)(Volatile.Read(ref _state) >> ReasonShift);

    public CancellationToken Closing
    {
        get
        {
            lock (this)
            {
                if (Phase != Open)
                {
                    return new CancellationToken(canceled: true);
                }

                _closing ??= new CancellationTokenSource();
                return _closing.Token;
            }
        }
    }

    public Task<CleanupReport> Completion
    {
        get
        {
            lock (this)
            {
                return CompletionUnderLock();
            }
        }
    }

    private int Phase => Volatile.Read(ref _state) & PhaseMask;

    public CleanupHandle Add(StepInvoker invoker, object target, object? state, string? name)
    {
        Systematic.Interleave("scope: before registering");
        lock (this)
        {
            if (Phase == Open)
            {
                if (_count == _steps.Length)
                {
                    Array.Resize(ref _steps, Math.Max(2, _count * 2));
                }

                _hasMemberships |= target is Membership;
                _steps[_count++] = new Step(++_lastIdOrPost, invoker, target, state, name);
                return new CleanupHandle(this, _lastIdOrPost);
            }
        }

        RunLate(new Step(0, invoker, target, state, name));
        return default;
    }

    public CleanupHandle CloseWhen(CleanupReason reason, CancellationToken token)
    {
        if (!token.CanBeCanceled)
        {
            return default;
        }

        var trigger = new CloseTrigger(this, reason);
        var handle = Add(CloseTriggerInvoker.Instance, trigger, null, null);
        Systematic.Interleave("scope: trigger added");
        trigger.Register(token);
        return handle;
    }

    /// <summary>Takes a step out of an open scope. With <paramref name="run"/>, a close that begins from now on waits for it.</summary>
    public bool TryTake(long id, bool run, out Step step)
    {
        Systematic.Interleave("scope: before taking");
        lock (this)
        {
            var index = Phase == Open ? IndexOf(id) : -1;
            if (index < 0 || _steps[index].IsEmpty)
            {
                step = default;
                return false;
            }

            step = _steps[index];
            Remove(index);
            if (run)
            {
                _early++;
            }
        }

        if (!run && step.Target is CloseTrigger trigger)
        {
            trigger.TakeBack();
        }

        return true;
    }

    /// <summary>Adds what can be removed together with the members of other scopes, once closing was decided and the steps do not run yet.</summary>
    /// <remarks>Somebody else may begin to run the steps meanwhile; what he has taken is then his to remove.</remarks>
    public void CollectMemberships(List<Membership> into)
    {
        if (!_hasMemberships)
        {
            return;
        }

        var steps = Volatile.Read(ref _steps);
        for (var i = Math.Min(_count, steps.Length) - 1; i >= 0; i--)
        {
            if (steps[i].Target is Membership { IsDone: false } membership)
            {
                into.Add(membership);
            }
        }
    }

    private int IndexOf(long id)
    {
        var low = 0;
        var high = _count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var found = _steps[middle].Id;
            if (found == id)
            {
                return middle;
            }

            (low, high) = found < id ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    private void Remove(int index)
    {
        // The id stays: it keeps the array sorted for the search.
        _steps[index] = new Step(_steps[index].Id, null, null, null, null);
        _holes++;
        while (_count > 0 && _steps[_count - 1].IsEmpty)
        {
            _steps[--_count] = default;
            _holes--;
        }

        if (_holes > 8 && _holes > _count / 2)
        {
            var kept = 0;
            for (var i = 0; i < _count; i++)
            {
                if (!_steps[i].IsEmpty)
                {
                    _steps[kept++] = _steps[i];
                }
            }

            Array.Clear(_steps, kept, _count - kept);
            _count = kept;
            _holes = 0;
        }
    }

    private Task<CleanupReport> CompletionUnderLock()
    {
        // Continuations must not run on the thread that ends the close, which may be a worker of the dispatcher.
        _completion ??= new TaskCompletionSource<CleanupReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Phase == Closed)
        {
            _completion.TrySetResult(Report());
        }

        return _completion.Task;
    }
}
