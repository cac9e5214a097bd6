namespace Resilience.Storage.Internal;

internal enum WorkStage
{
    /// <summary>The request is to be written down.</summary>
    Request,

    /// <summary>The record is to be removed and the journal row written.</summary>
    Begin,

    /// <summary>The file is to be deleted and the journal row removed.</summary>
    Finish,

    /// <summary>An enlisted request is to be written down.</summary>
    Note,

    /// <summary>A request for a key that no record can have is to be written down.</summary>
    NoteMissing,

    /// <summary>A request that could not be decided is to be written down.</summary>
    NoteBusy,
}

internal enum StepKind
{
    None,
    Requested,
    Begun,

    /// <summary>The answer is final.</summary>
    Settled,

    /// <summary>The file is gone, durably; the rest of the step is to come.</summary>
    Removed,

    /// <summary>The file could not be deleted this time.</summary>
    AttemptFailed,

    /// <summary>The application holds the record's lock.</summary>
    Locked,

    /// <summary>The record is not the one that was judged.</summary>
    Rejudge,

    /// <summary>The journal row is another process's now, or gone.</summary>
    Lost,

    /// <summary>The batch's time was over; the next one has it.</summary>
    Later,

    /// <summary>The file is gone, but the database refuses to remove what is left of the record; the exception says why.</summary>
    RecordRefused,

    /// <summary>It could not be decided; the exception says why.</summary>
    Broken,
}

/// <summary>What one step came to; valid once its transaction is committed.</summary>
internal readonly record struct StepOutcome(StepKind Kind, DeletionResult Result = default, Exception? Exception = null);

/// <summary>What was decided before the transaction, and on which record.</summary>
internal sealed record Judgement(FileRecord Record, bool Allowed, FileProbe? Probe);

/// <summary>One deletion on its way. Its fields belong to whoever works on it: the caller's flow between steps, the commit loop during one.</summary>
internal sealed class DeletionWork(Guid id, string key, DeletionContext who)
{
    private int _claim;
    private Task<StepOutcome>? _ahead;

    public Guid Id => id;

    public string IdText { get; } = id.ToString("D");

    public string Key { get; set; } = key;

    public DeletionContext Who => who;

    public WorkStage Stage { get; set; }

    public JournalEntry? Entry { get; set; }

    public Judgement? Judgement { get; set; }

    /// <summary>Why a request could not be decided, for <see cref="WorkStage.NoteBusy"/>.</summary>
    public string? NoteError { get; init; }

    /// <summary>Set by a step, published after the commit.</summary>
    public StepOutcome Outcome { get; set; }

    public TaskCompletionSource<StepOutcome>? Waiting { get; private set; }

    /// <summary>Ends when it is decided whether the deletion is committed.</summary>
    public TaskCompletionSource<bool> Decided { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsCancelled => Volatile.Read(ref _claim) == 2;

    public Task<StepOutcome> ExpectOutcome()
    {
        Waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return Waiting.Task;
    }

    /// <summary>Either the loop takes the work into a transaction or the caller gives it up; never both.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _claim, 1, 0) != 2;

    public bool TryCancel() => Interlocked.CompareExchange(ref _claim, 2, 0) == 0;

    /// <summary>The step came to nothing: it may be given up again.</summary>
    public void GiveBack() => Interlocked.CompareExchange(ref _claim, 0, 1);

    public void Settle(DeletionStatus status, string? error = null, int attempts = 0) =>
        Outcome = new(StepKind.Settled, new DeletionResult(status, attempts, id, error));

    /// <summary>Tells the caller what the step came to, with the next one under way already: it finds that by <see cref="TakeAhead"/>.</summary>
    public void GoOn(WorkStage next)
    {
        var (told, outcome) = (Waiting!, Outcome);
        Stage = next;
        Outcome = default;
        _ahead = ExpectOutcome();

        // Last: from here on the caller may look.
        told.TrySetResult(outcome);
    }

    /// <summary>The outcome of the step that was begun without the caller; once.</summary>
    public Task<StepOutcome>? TakeAhead()
    {
        var ahead = _ahead;
        _ahead = null;
        return ahead;
    }

    public void Publish()
    {
        if (Outcome.Exception is { } exception && Outcome.Kind == StepKind.Broken)
        {
            Waiting!.TrySetException(exception);
        }
        else
        {
            Waiting!.TrySetResult(Outcome);
        }
    }

    public void Fail(Exception exception) => Waiting!.TrySetException(exception);
}
