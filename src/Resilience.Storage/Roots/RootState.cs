namespace Resilience.Storage;

/// <summary>Whether folder and database belong together.</summary>
public enum RootState
{
    /// <summary>They do.</summary>
    Paired,

    /// <summary>The store can hold no marker, so it cannot be said.</summary>
    Unmarked,

    /// <summary>The folder has no marker although it had one: it is not mounted, or was emptied.</summary>
    MarkerMissing,

    /// <summary>The folder's marker is another database's.</summary>
    Foreign,

    /// <summary>The folder has seen a later state of the database than the one that is there: it was restored from a backup.</summary>
    OlderDatabase,
}
