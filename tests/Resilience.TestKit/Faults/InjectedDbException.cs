using System.Data.Common;

namespace Resilience.TestKit;

/// <summary>A database failure for a <see cref="FaultScript"/>: <c>new FaultScript(() =&gt; new InjectedDbException("40001"))</c>.</summary>
public sealed class InjectedDbException : DbException
{
    /// <summary>A lost connection (SQLSTATE 08006).</summary>
    public InjectedDbException()
        : this("08006")
    {
    }

    /// <summary>A failure with a SQLSTATE.</summary>
    /// <param name="sqlState">40001, 40P01, 08006, 55P03, ...</param>
    public InjectedDbException(string sqlState)
        : base($"Injected database fault {sqlState}.") => SqlState = sqlState;

    /// <summary>A failure with a cause.</summary>
    /// <param name="sqlState">40001, 40P01, 08006, 55P03, ...</param>
    /// <param name="innerException">The cause.</param>
    public InjectedDbException(string sqlState, Exception innerException)
        : base($"Injected database fault {sqlState}.", innerException) => SqlState = sqlState;

    /// <inheritdoc/>
    public override string SqlState { get; }

    /// <summary>Whether trying again can help: classes 08 (connection), 40 (rollback), 53 (resources), 55 (locks), 57 (operator).</summary>
    public override bool IsTransient => SqlState[..2] is "08" or "40" or "53" or "55" or "57";
}
