namespace Resilience.Data;

/// <summary>What became of a key.</summary>
public enum LoadState
{
    /// <summary>There is no value for the key.</summary>
    Missing,

    /// <summary>There is a value.</summary>
    Found,

    /// <summary>The load failed for this key; nothing is remembered, the next load tries again.</summary>
    Failed,
}
