using System.Data;
using System.Data.Common;

namespace Resilience.Storage.Internal;

/// <summary>A statement that waits to be sent. What it came to is known once its session has sent it. Used by one flow at a time.</summary>
internal abstract class SqlStatement(string sql, (string Name, object? Value)[] parameters)
{
    public string Sql => sql;

    /// <summary>Whether it answers with rows. In a batch the reader stops at these only.</summary>
    public abstract bool HasRows { get; }

    public abstract Task ReadAsync(DbDataReader reader, CancellationToken cancellationToken);

    public abstract void Done(int affected);

    public void Bind(DbParameterCollection target, Func<DbParameter> create)
    {
        foreach (var (name, value) in parameters)
        {
            var parameter = create();
            parameter.ParameterName = name;
            if (value is null)
            {
                // Without a type the server would have to guess one.
                parameter.DbType = DbType.String;
            }

            parameter.Value = value ?? DBNull.Value;
            target.Add(parameter);
        }
    }
}

/// <summary>A statement without an answer; <paramref name="check"/> sees how many rows it changed, and may throw.</summary>
internal sealed class SqlEffect(string sql, (string Name, object? Value)[] parameters, Action<int>? check) : SqlStatement(sql, parameters)
{
    public int Affected { get; private set; }

    public override bool HasRows => false;

    public override Task ReadAsync(DbDataReader reader, CancellationToken cancellationToken) => throw new InvalidOperationException("The statement has no rows.");

    public override void Done(int affected)
    {
        Affected = affected;
        check?.Invoke(affected);
    }
}

/// <summary>A question and its answer.</summary>
internal sealed class SqlRows<T>(string sql, (string Name, object? Value)[] parameters, Func<DbDataReader, T> read) : SqlStatement(sql, parameters)
{
    /// <summary>Empty until the session has sent it.</summary>
    public List<T> Rows { get; } = [];

    public override bool HasRows => true;

    /// <summary>The answer to a question that need not be asked.</summary>
    public static SqlRows<T> None() => new(string.Empty, [], static _ => throw new InvalidOperationException("Never asked."));

    public override async Task ReadAsync(DbDataReader reader, CancellationToken cancellationToken)
    {
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))
        {
            Rows.Add(read(reader));
        }
    }

    public override void Done(int affected)
    {
    }
}
