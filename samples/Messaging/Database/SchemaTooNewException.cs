namespace Messaging.Database;

/// <summary>The database was made by a newer version of the application than this one.</summary>
public sealed class SchemaTooNewException : Exception
{
    public SchemaTooNewException()
    {
    }

    public SchemaTooNewException(string message)
        : base(message)
    {
    }

    public SchemaTooNewException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal SchemaTooNewException(string feature, long found, long known)
        : base($"The tables of {feature} have version {found}, and this program knows versions up to {known}. "
            + "Run the newer program, or point Data:Directory (ConnectionStrings:PostgreSql) at another database.")
    {
    }
}
