using System.Diagnostics;

namespace Resilience.House.Tests.Benchmarks;

/// <summary>Figures are taken by one run at a time, on a machine that does nothing else.</summary>
public sealed class BenchScriptTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("resilience-bench-");

    public BenchScriptTests()
    {
        Copy("bench.sh");
        Copy("eng", "lib", "servers.sh");
        File.Copy("/bin/true", Path.Combine(_folder.CreateSubdirectory("tools").FullName, "dotnet")); // nothing is built: these runs end before the first benchmark
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_second_run_is_refused_while_one_holds_the_lock()
    {
        var artifacts = _folder.CreateSubdirectory("artifacts").FullName;
        using var holder = Start("flock", Path.Combine(artifacts, "bench.lock"), "sh", "-c", "echo held; read -r line");
        (await holder.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("held");

        var (code, output) = await RunAsync("Some");

        code.ShouldBe(3, output);
        output.ShouldContain("artifacts/bench.lock");
        await holder.StandardInput.WriteLineAsync();
        await holder.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_busy_machine_is_refused_with_the_reason_and_the_cure()
    {
        var burners = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Start("sh", "-c", "while :; do :; done")).ToList();
        try
        {
            var (code, output) = await RunAsync("Some");

            code.ShouldBe(4, output);
            output.ShouldContain("The machine is busy");
            output.ShouldContain("--force");
        }
        finally
        {
            foreach (var burner in burners)
            {
                burner.Kill();
                burner.Dispose();
            }
        }
    }

    [Fact]
    public async Task An_unknown_option_is_named()
    {
        var (code, output) = await RunAsync("--fast");

        code.ShouldBe(2, output);
        output.ShouldContain("--fast");
    }

    private void Copy(params string[] path)
    {
        var target = Path.Combine([_folder.FullName, .. path]);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(Path.Combine([Repository.Root, .. path]), target);
    }

    private async Task<(int Code, string Output)> RunAsync(string argument)
    {
        using var process = Start("bash", Path.Combine(_folder.FullName, "bench.sh"), argument);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }

    private Process Start(string file, params string[] arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = Path.Combine(_folder.FullName, "tools") + ":" + Environment.GetEnvironmentVariable("PATH");
        return Process.Start(start)!;
    }
}
