namespace Resilience.Packages.Tests;

/// <summary>The packages as a stranger gets them: restored from the packed files into a private cache, built, trimmed, run.</summary>
public sealed class ConsumerTests(PackedPackages packed)
{
    [Theory]
    [InlineData("Console")]
    [InlineData("Worker")]
    [InlineData("Web")]
    public async Task A_consumer_restores_builds_and_runs(string name)
    {
        var folder = packed.Consumer(name);

        var (built, buildOutput) = await packed.DotnetAsync(folder, "build", "-c", "Release", "-v", "q", "-o", "out", "-nr:false");
        built.ShouldBe(0, buildOutput);
        buildOutput.ShouldContain("0 Warning(s)");

        var (ran, output) = await packed.DotnetAsync(folder, Path.Combine("out", $"{name}.dll"));
        ran.ShouldBe(0, output);
        output.ShouldContain("all checks passed");
    }

    [Fact]
    public async Task A_trimmed_consumer_publishes_without_a_warning_and_calls_every_entry_point()
    {
        var folder = packed.Consumer("Console");

        var (published, publishOutput) = await packed.DotnetAsync(
            folder, "publish", "-c", "Release", "-r", System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier, "--self-contained", "-p:PublishTrimmed=true", "-p:TrimmerSingleWarn=false", "-p:TreatWarningsAsErrors=true", "-v", "q", "-o", "trimmed", "-nr:false");
        published.ShouldBe(0, publishOutput);
        publishOutput.ShouldNotContain("IL2");
        publishOutput.ShouldNotContain("IL3");

        var (ran, output) = await Shell.RunAsync(folder, Path.Combine(folder, "trimmed", "Console"), []);
        ran.ShouldBe(0, output);
        output.ShouldContain("all checks passed");
    }
}
