using System.Data.Common;

namespace Resilience.Storage.Internal;

/// <summary>
/// The file is gone, and the database refuses to remove what is left of its record: another table refers to it, or a trigger or a missing right stands against it.
/// Trying again at once cannot help; an operator must look.
/// </summary>
internal sealed class RecordRefusedException(DbException cause) : Exception(cause.Message, cause)
{
    /// <summary>The SQLSTATE; SQLite has none.</summary>
    public string Code => cause.SqlState ?? "constraint";

    /// <summary>
    /// Whether the database answered that it will not, as opposed to being unable to answer: connections (08), rollbacks (40), resources (53), locks (55),
    /// operators (57) and the server's own troubles (58, XX) pass by themselves.
    /// </summary>
    public static bool Is(DbException exception) =>
        !exception.IsTransient && (exception.SqlState is not { Length: 5 } state || state[..2] is not ("08" or "40" or "53" or "55" or "57" or "58" or "XX"));
}
