namespace Resilience.TestKit;

/// <summary>What happens at a step of the code under test.</summary>
public enum FaultKind
{
    /// <summary>Nothing: the step runs.</summary>
    Pass,

    /// <summary>It fails and has had no effect: the request was lost.</summary>
    FailBefore,

    /// <summary>It fails and has had its effect: the reply was lost.</summary>
    FailAfter,

    /// <summary>It does not begin until it is released (or the caller's token is cancelled).</summary>
    HangBefore,

    /// <summary>It has had its effect and does not return until it is released (or the caller's token is cancelled).</summary>
    HangAfter,

    /// <summary>The process kills itself (SIGKILL) before the effect. Only in a <see cref="ChildProcess"/>.</summary>
    KillBefore,

    /// <summary>The process kills itself (SIGKILL) after the effect. Only in a <see cref="ChildProcess"/>.</summary>
    KillAfter,
}
