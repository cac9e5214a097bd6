namespace Resilience.Data.Testing;

/// <summary>What the list of unused indexes says.</summary>
/// <param name="IsConclusive">False when the server has not counted for long enough; then nothing is listed.</param>
/// <param name="Note">What to bear in mind: the age of the statistics, and that replicas keep their own.</param>
/// <param name="Unused">The indexes, largest first.</param>
public sealed record UnusedIndexReport(bool IsConclusive, string Note, IReadOnlyList<UnusedIndex> Unused);

/// <summary>An index that nothing uses.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its size; 0 where the database does not say.</param>
public sealed record UnusedIndex(string Table, string Name, long Bytes);
