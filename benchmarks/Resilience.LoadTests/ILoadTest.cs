namespace Resilience.LoadTests;

/// <summary>A whole run with sockets, servers or processes. Types that implement it are found by reflection; the type's name is the test's name.</summary>
internal interface ILoadTest
{
    /// <summary>The question it answers; the first line of its result file.</summary>
    string Question { get; }

    /// <summary>Runs all cases, alternating where they are compared, and returns the rows of the result table.</summary>
    Task<LoadTestResult> RunAsync(CancellationToken cancellationToken);
}
