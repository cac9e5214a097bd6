using BenchmarkDotNet.Running;
using Resilience.Benchmarks;

if (args is ["compare", var folder])
{
    return Directory.EnumerateFiles(folder, "*.md").Sum(ResultFolder.Compare) == 0 ? 0 : 1;
}

var benchmarks = typeof(Program).Assembly.GetTypes()
    .Where(static type => type.Name.EndsWith("Benchmark", StringComparison.Ordinal) && type is { IsClass: true, IsAbstract: false })
    .OrderBy(static type => type.Name, StringComparer.Ordinal)
    .ToArray();

if (args is not [var name])
{
    Array.ForEach(benchmarks, static type => Console.WriteLine(type.Name));
    return 0;
}

var chosen = Array.Find(benchmarks, type => string.Equals(type.Name, name, StringComparison.OrdinalIgnoreCase));
if (chosen is null)
{
    return 2;
}

var summary = BenchmarkRunner.Run(chosen, new HouseConfig());
var rows = SummaryRows.From(summary);
ResultFolder.Write(chosen.Name, SummaryRows.Question(chosen), [], rows);
return summary.HasCriticalValidationErrors || rows.Count == 0 ? 1 : 0;
