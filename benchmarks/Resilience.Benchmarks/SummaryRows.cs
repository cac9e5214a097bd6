using System.ComponentModel;
using System.Reflection;
using BenchmarkDotNet.Reports;

namespace Resilience.Benchmarks;

/// <summary>Turns a summary of BenchmarkDotNet into rows of the house's result format.</summary>
internal static class SummaryRows
{
    /// <summary>The question a class answers: its <see cref="DescriptionAttribute"/>.</summary>
    public static string Question(Type type) =>
        type.GetCustomAttribute<DescriptionAttribute>()?.Description ?? throw new InvalidOperationException($"{type.Name} needs a [Description] that says which question it answers.");

    public static IReadOnlyList<ResultRow> From(Summary summary)
    {
        var rows = new List<ResultRow>();
        foreach (var group in summary.Reports.Where(static report => report.ResultStatistics is not null).GroupBy(static report => report.BenchmarkCase.Parameters.DisplayInfo))
        {
            // The median of a run: one disturbed iteration on a shared machine must not move a ratio.
            var baseline = group.FirstOrDefault(static report => report.BenchmarkCase.Descriptor.Baseline)?.ResultStatistics!.Median;
            foreach (var report in group)
            {
                var name = report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\'');
                rows.Add(new ResultRow(
                    group.Key.Length == 0 ? name : $"{name} {group.Key}",
                    report.ResultStatistics!.Median,
                    "ns/op",
                    baseline is > 0 ? report.ResultStatistics.Median / baseline : null,
                    report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase)));
            }
        }

        return rows;
    }
}
