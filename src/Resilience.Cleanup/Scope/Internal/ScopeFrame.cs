namespace Resilience.Cleanup;

/// <summary>
/// Marks the flow of execution inside a scope's asynchronous steps, so that a close from inside is told from one from outside. Frames are linked because a step
/// may close another scope whose step closes the first.
/// </summary>
internal sealed class ScopeFrame(ScopeCore scope, ScopeFrame? outer)
{
    private static readonly AsyncLocal<ScopeFrame?> Current = new();

    private ScopeCore? _scope = scope;

    /// <summary>Enters the scope's steps on the current flow; ends by itself when the calling async method returns to its caller.</summary>
    public static ScopeFrame Enter(ScopeCore scope)
    {
        var frame = new ScopeFrame(scope, Current.Value);
        Current.Value = frame;
        return frame;
    }

    public static bool IsInside(ScopeCore scope)
    {
        for (var frame = Current.Value; frame is not null; frame = frame.Outer)
        {
            if (ReferenceEquals(Volatile.Read(ref frame._scope), scope))
            {
                return true;
            }
        }

        return false;
    }

    private ScopeFrame? Outer => outer;

    /// <summary>Forgets the scope: what a step left running keeps its flow, and must not keep the scope alive.</summary>
    public void Leave() => Volatile.Write(ref _scope, null);
}
