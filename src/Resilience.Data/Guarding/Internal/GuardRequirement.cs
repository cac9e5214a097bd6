namespace Resilience.Data;

/// <summary>Rows of which at least <see cref="MinimumRows"/> must be found, and what it means when they are not.</summary>
internal sealed record GuardRequirement(LockMode Mode, IReadOnlyList<GuardRow> Rows, int MinimumRows, GuardOutcome Otherwise)
{
    public static GuardRequirement Permission(LockMode mode, IReadOnlyList<GuardRow> rows) => new(mode, rows, 1, GuardOutcome.Denied);

    public static GuardRequirement Target(LockMode mode, GuardRow row, int rows) => new(mode, [row], rows, GuardOutcome.NotFound);
}

/// <summary>A query of the application's own that must give a row.</summary>
internal sealed record GuardQuery(string Table, Sql Query, string LockAlias, LockMode Mode);
