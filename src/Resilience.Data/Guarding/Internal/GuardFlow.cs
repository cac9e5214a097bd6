namespace Resilience.Data;

/// <summary>Whether the current flow of control is inside a guarded transaction: nesting would wait for itself, and a batch loader would read outside the locks.</summary>
internal static class GuardFlow
{
    private static readonly AsyncLocal<bool> Inside = new();

    public static bool IsInside => Inside.Value;

    /// <summary>Call it in an async method: the mark ends with that method.</summary>
    public static void Enter() => Inside.Value = true;

    public static void Leave() => Inside.Value = false;
}
