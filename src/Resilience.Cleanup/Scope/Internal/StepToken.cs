namespace Resilience.Cleanup;

/// <summary>
/// The token of one step, made when it is first asked for. Its only source is the step's own time. Used by the step and by what ends it; the lock guards the field.
/// </summary>
internal sealed class StepToken(ScopeEnvironment environment)
{
    private readonly Lock _lock = new();
    private CancellationTokenSource? _source;
    private bool _ended;

    /// <summary>Whether the step's time is over.</summary>
    public bool IsOver
    {
        get
        {
            lock (_lock)
            {
                return _source is { IsCancellationRequested: true };
            }
        }
    }

    public CancellationToken Get()
    {
        lock (_lock)
        {
            if (_ended)
            {
                // The step has ended; whoever still holds its context may not start anything more.
                return new CancellationToken(canceled: true);
            }

            _source ??= new CancellationTokenSource(environment.StepTimeout, environment.Time);
            return _source.Token;
        }
    }

    /// <summary>The step ended: frees the timer.</summary>
    public void End()
    {
        CancellationTokenSource? source;
        lock (_lock)
        {
            _ended = true;
            source = _source;
            _source = null;
        }

        source?.Dispose();
    }
}
