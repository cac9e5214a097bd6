using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Resilience.Benchmarks;

/// <summary>Says where figures come from: machine, runtime, commit, date, command.</summary>
public static class RunHeader
{
    public static IEnumerable<string> Lines(string name)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"Machine: {Cpu()}, {Environment.ProcessorCount} logical processors, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, {RuntimeInformation.OSDescription}");
        yield return $"Runtime: {RuntimeInformation.FrameworkDescription}, SDK {Command("dotnet", "--version")}, {(System.Runtime.GCSettings.IsServerGC ? "server" : "workstation")} GC";
        yield return $"Commit: {Command("git", "rev-parse --short HEAD")}{(Command("git", "status --porcelain --untracked-files=no -- src benchmarks :!benchmarks/results").Length > 0 ? " with local changes" : "")}";
        yield return string.Create(CultureInfo.InvariantCulture, $"Date: {TimeProvider.System.GetUtcNow():yyyy-MM-dd}");
        yield return $"Command: `./bench.sh {name}`{(Environment.GetEnvironmentVariable("RESILIENCE_BENCH_BUSY") == "1" ? " on a busy machine: read ratios only" : "")}";
        yield return "Ratio: cost divided by the baseline's cost in the same run; lower is better";
    }

    private static string Cpu()
    {
        const string Info = "/proc/cpuinfo";
        var model = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return model is null ? RuntimeInformation.ProcessArchitecture.ToString() : model[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    private static string Command(string file, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : "unknown";
    }
}
