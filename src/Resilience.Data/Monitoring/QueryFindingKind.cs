namespace Resilience.Data;

/// <summary>What is wrong with the commands of a scope.</summary>
public enum QueryFindingKind
{
    /// <summary>One read gave many rows, and then the same statement ran once for each: load them together.</summary>
    NPlusOne,

    /// <summary>The same statement ran again with the same parameters: keep the first answer.</summary>
    Duplicate,

    /// <summary>The scope ran more commands than its budget allows.</summary>
    Budget,
}
