using Microsoft.Data.Sqlite;

namespace Messaging.Database;

/// <summary>
/// A connection that enters and leaves the provider's pool alone. The pool takes one that is just being lent or given back for one whose owner is lost, and lends
/// it a second time: https://github.com/dotnet/efcore/issues/39008.
/// </summary>
internal sealed class PooledSqliteConnection(string connectionString) : SqliteConnection(connectionString)
{
    private static readonly Lock Pool = new();

    public override void Open()
    {
        lock (Pool)
        {
            base.Open();
        }
    }

    public override void Close()
    {
        lock (Pool)
        {
            base.Close();
        }
    }
}
