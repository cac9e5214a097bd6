using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Settings of guarded transactions; see docs/data.md.</summary>
public sealed class GuardedTransactionOptions
{
    /// <summary>Gets or sets the database.</summary>
    /// <value>Default: found out from the connection.</value>
    public SqlDialect Dialect { get; set; } = SqlDialect.Auto;

    /// <summary>
    /// Gets the tables that may be locked, in the order in which every transaction locks them. One order for all is what rules deadlocks out.
    /// </summary>
    /// <value>Default: none, then every table may be locked, in alphabetical order, its rows in the order of the columns that the plan names.</value>
    public IList<LockedTable> LockOrder { get; } = [];

    /// <summary>Gets or sets how long one lock is waited for.</summary>
    /// <value>Default 2 s; 1 ms to 1 min. On SQLite the provider counts whole seconds.</value>
    [TimeSpanRange("00:00:00.001", "00:01:00")]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets or sets how long one statement, and the commit, may take.</summary>
    /// <value>Default 10 s; 1 ms to 10 min.</value>
    [TimeSpanRange("00:00:00.001", "00:10:00")]
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets how long the transaction may stand idle between statements before the server ends it (PostgreSQL).</summary>
    /// <value>Default 15 s; 1 ms to 10 min.</value>
    [TimeSpanRange("00:00:00.001", "00:10:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Gets or sets how often the work is started in all when it meets a deadlock, a serialisation failure or a busy database.</summary>
    /// <value>Default 5; 1 to 100.</value>
    [Bounds(1, 100)]
    public int MaxAttempts { get; set; } = 5;

    /// <summary>Gets or sets the longest pause before the second attempt; the pause is random between zero and this, doubled with each attempt.</summary>
    /// <value>Default 10 ms; 1 ms to 1 min.</value>
    [TimeSpanRange("00:00:00.001", "00:01:00")]
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Gets or sets the ceiling of that pause.</summary>
    /// <value>Default 500 ms; 1 ms to 1 min.</value>
    [TimeSpanRange("00:00:00.001", "00:01:00")]
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Gets or sets the time after which no further attempt is started.</summary>
    /// <value>Default 5 s; 1 ms to 10 min.</value>
    [TimeSpanRange("00:00:00.001", "00:10:00")]
    public TimeSpan RetryBudget { get; set; } = TimeSpan.FromSeconds(5);
}
