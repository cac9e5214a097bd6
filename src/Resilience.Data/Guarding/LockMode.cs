namespace Resilience.Data;

/// <summary>How a row is locked until the transaction ends. On SQLite every mode is the database's one write lock.</summary>
public enum LockMode
{
    /// <summary>Others may lock it the same way and read it; nobody may change it (<c>FOR SHARE</c>). For rows a decision depends on.</summary>
    Share,

    /// <summary>Nobody else may change or share-lock it, but rows that refer to it may still be added (<c>FOR NO KEY UPDATE</c>). For a parent row.</summary>
    NoKeyUpdate,

    /// <summary>Nobody else may lock or change it (<c>FOR UPDATE</c>). For rows that are changed or deleted.</summary>
    Update,
}
