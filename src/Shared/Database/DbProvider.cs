using System.Data.Common;

namespace Resilience.Shared;

/// <summary>Which provider a connection is of, by the name of its type or of one that it derives from: no provider is referenced.</summary>
internal static class DbProvider
{
    public static bool IsNpgsql(DbConnection connection) => Is(connection, "Npgsql.NpgsqlConnection");

    public static bool IsSqlite(DbConnection connection) => Is(connection, "Microsoft.Data.Sqlite.SqliteConnection");

    private static bool Is(DbConnection connection, string name)
    {
        for (var type = connection.GetType(); type is not null; type = type.BaseType)
        {
            if (type.FullName == name)
            {
                return true;
            }
        }

        return false;
    }
}
