namespace Resilience.Data.Testing;

/// <summary>
/// Watches the commands of a test and fails it on too many, on an N+1 pattern, and on a change against a stored baseline.
/// </summary>
/// <remarks>
/// Open it in the test method itself, run the code, then assert; the first assertion ends the watch. What is watched goes through a
/// <see cref="MonitoredDbDataSource"/> or a hook that calls <see cref="QueryMonitor.Record"/>. Used by one thread at a time. See docs/data.md.
/// </remarks>
public sealed class QueryAssert : IDisposable
{
    /// <summary>When this environment variable is 1, <see cref="MatchesBaseline"/> writes the baseline instead of comparing.</summary>
    public const string AcceptVariable = "RESILIENCE_ACCEPT_BASELINE";

    private readonly QueryScope _scope;

    private QueryAssert(QueryScope scope) => _scope = scope;

    /// <summary>Gets the commands with their parameters, for <see cref="IndexAssert"/>. Ends the watch.</summary>
    public IReadOnlyList<CapturedQuery> Queries => Report.Captured;

    /// <summary>Gets what was seen. Ends the watch.</summary>
    public ScopeReport Report => _scope.Complete();

    /// <summary>Starts to watch. A pattern counts from 3 repeats on, whatever time they take.</summary>
    /// <param name="monitor">The monitor that the code under test uses.</param>
    /// <param name="name">The name in messages and in the baseline.</param>
    /// <param name="minRepeats">How often a statement must run to be an N+1 pattern or a duplicate; 2 or more.</param>
    /// <returns>The watch.</returns>
    public static QueryAssert Begin(QueryMonitor monitor, string name = "test", int minRepeats = 3)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        ArgumentOutOfRangeException.ThrowIfLessThan(minRepeats, 2);
        return new QueryAssert(monitor.BeginScope(name, new QueryBudget { MinRepeats = minRepeats, MinRepeatTime = TimeSpan.Zero, Capture = true }));
    }

    /// <summary>Excuses a statement from <see cref="NoNPlusOne"/> and <see cref="NoDuplicates"/>.</summary>
    /// <param name="statementFingerprint">A part of its shape, as messages show it.</param>
    /// <param name="reason">Why it is right.</param>
    /// <returns>This watch.</returns>
    public QueryAssert Allow(string statementFingerprint, string reason)
    {
        _scope.Allow(statementFingerprint, reason);
        return this;
    }

    /// <summary>Fails when more statements ran.</summary>
    /// <param name="count">The most that may run.</param>
    /// <returns>This watch.</returns>
    /// <exception cref="DataAssertException">More ran; the message lists them.</exception>
    public QueryAssert AtMost(int count) =>
        Report.Count <= count ? this : throw new DataAssertException($"Expected at most {count} statements, but {Report.Count} ran:{Lines()}");

    /// <summary>Fails when another number of statements ran.</summary>
    /// <param name="count">The number that must run.</param>
    /// <returns>This watch.</returns>
    /// <exception cref="DataAssertException">Another number ran; the message lists them.</exception>
    public QueryAssert Exactly(int count) =>
        Report.Count == count ? this : throw new DataAssertException($"Expected exactly {count} statements, but {Report.Count} ran:{Lines()}");

    /// <summary>Fails on an N+1 pattern.</summary>
    /// <returns>This watch.</returns>
    /// <exception cref="DataAssertException">There is one; the message names the statement.</exception>
    public QueryAssert NoNPlusOne() => None(QueryFindingKind.NPlusOne, "an N+1 pattern: load these together");

    /// <summary>Fails when the same statement ran again and again with the same values.</summary>
    /// <returns>This watch.</returns>
    /// <exception cref="DataAssertException">There is one; the message names the statement.</exception>
    public QueryAssert NoDuplicates() => None(QueryFindingKind.Duplicate, "a duplicate: keep the first answer");

    /// <summary>
    /// Compares the statements and how often they ran with a stored list, so that a change of either is seen in review. Times are no part of it.
    /// </summary>
    /// <param name="file">Path of the list; see <see cref="AcceptVariable"/>.</param>
    /// <returns>This watch.</returns>
    /// <exception cref="DataAssertException">They differ, or the file is not there; the message shows the difference and how to accept it.</exception>
    public QueryAssert MatchesBaseline(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        Baseline.Check(Report, file, Environment.GetEnvironmentVariable(AcceptVariable) == "1");
        return this;
    }

    /// <summary>Ends the watch.</summary>
    public void Dispose() => _scope.Dispose();

    private QueryAssert None(QueryFindingKind kind, string cure)
    {
        var findings = Report.Findings.Where(f => f.Kind == kind).ToList();
        return findings.Count == 0 ? this : throw new DataAssertException(
            $"{_scope.Name} shows {cure}.{string.Concat(findings.Select(static f => $"{Environment.NewLine}  {f.Count} x {f.Statement}"))}{Environment.NewLine}All statements:{Lines()}");
    }

    private string Lines() => string.Concat(Report.Statements.Select(static s => $"{Environment.NewLine}  {s.Count} x {s.Statement}"));
}
