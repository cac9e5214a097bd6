using System.Text.RegularExpressions;

namespace Resilience.House.Tests.Build;

/// <summary>An entry of the banned-symbols file that does not resolve is ignored by the analyser without a word, so each one is tripped here.</summary>
public sealed partial class BannedSymbolTests
{
    // One statement an entry, in the file's own notation.
    private static readonly Dictionary<string, string> Trips = new()
    {
        ["P:System.DateTime.Now"] = "_ = System.DateTime.Now;",
        ["P:System.DateTime.UtcNow"] = "_ = System.DateTime.UtcNow;",
        ["P:System.DateTime.Today"] = "_ = System.DateTime.Today;",
        ["P:System.DateTimeOffset.Now"] = "_ = System.DateTimeOffset.Now;",
        ["P:System.DateTimeOffset.UtcNow"] = "_ = System.DateTimeOffset.UtcNow;",
        ["P:System.Environment.TickCount"] = "_ = System.Environment.TickCount;",
        ["P:System.Environment.TickCount64"] = "_ = System.Environment.TickCount64;",
        ["M:System.Diagnostics.Stopwatch.GetTimestamp"] = "_ = System.Diagnostics.Stopwatch.GetTimestamp();",
        ["M:System.Diagnostics.Stopwatch.StartNew"] = "_ = System.Diagnostics.Stopwatch.StartNew();",
        ["M:System.Threading.Tasks.Task.Delay(System.Int32)"] = "_ = System.Threading.Tasks.Task.Delay(1);",
        ["M:System.Threading.Tasks.Task.Delay(System.Int32,System.Threading.CancellationToken)"] = "_ = System.Threading.Tasks.Task.Delay(1, default(System.Threading.CancellationToken));",
        ["M:System.Threading.Tasks.Task.Delay(System.TimeSpan)"] = "_ = System.Threading.Tasks.Task.Delay(System.TimeSpan.Zero);",
        ["M:System.Threading.Tasks.Task.Delay(System.TimeSpan,System.Threading.CancellationToken)"] = "_ = System.Threading.Tasks.Task.Delay(System.TimeSpan.Zero, default(System.Threading.CancellationToken));",
        ["M:System.Threading.Tasks.Task.WaitAsync(System.TimeSpan)"] = "_ = System.Threading.Tasks.Task.CompletedTask.WaitAsync(System.TimeSpan.Zero);",
        ["M:System.Threading.Tasks.Task.WaitAsync(System.TimeSpan,System.Threading.CancellationToken)"] = "_ = System.Threading.Tasks.Task.CompletedTask.WaitAsync(System.TimeSpan.Zero, default(System.Threading.CancellationToken));",
        ["M:System.Threading.Tasks.Task`1.WaitAsync(System.TimeSpan)"] = "_ = System.Threading.Tasks.Task.FromResult(1).WaitAsync(System.TimeSpan.Zero);",
        ["M:System.Threading.Tasks.Task`1.WaitAsync(System.TimeSpan,System.Threading.CancellationToken)"] = "_ = System.Threading.Tasks.Task.FromResult(1).WaitAsync(System.TimeSpan.Zero, default(System.Threading.CancellationToken));",
        ["M:System.Threading.Thread.Sleep(System.Int32)"] = "System.Threading.Thread.Sleep(0);",
        ["M:System.Threading.Thread.Sleep(System.TimeSpan)"] = "System.Threading.Thread.Sleep(System.TimeSpan.Zero);",
        ["M:System.Threading.CancellationTokenSource.#ctor(System.TimeSpan)"] = "_ = new System.Threading.CancellationTokenSource(System.TimeSpan.Zero);",
        ["M:System.Threading.CancellationTokenSource.#ctor(System.Int32)"] = "_ = new System.Threading.CancellationTokenSource(1);",
        ["M:System.Threading.CancellationTokenSource.CancelAfter(System.TimeSpan)"] = "new System.Threading.CancellationTokenSource().CancelAfter(System.TimeSpan.Zero);",
        ["M:System.Threading.CancellationTokenSource.CancelAfter(System.Int32)"] = "new System.Threading.CancellationTokenSource().CancelAfter(1);",
        ["T:System.Threading.Timer"] = "_ = new System.Threading.Timer(static _ => { });",
        ["M:System.Threading.PeriodicTimer.#ctor(System.TimeSpan)"] = "_ = new System.Threading.PeriodicTimer(System.TimeSpan.FromSeconds(1));",
        ["M:System.Diagnostics.Metrics.Meter.#ctor(System.String)"] = "_ = new System.Diagnostics.Metrics.Meter(\"a\");",
        ["M:System.Diagnostics.Metrics.Meter.#ctor(System.String,System.String)"] = "_ = new System.Diagnostics.Metrics.Meter(\"a\", \"1\");",
        ["M:System.Diagnostics.Metrics.Meter.#ctor(System.Diagnostics.Metrics.MeterOptions)"] = "_ = new System.Diagnostics.Metrics.Meter(new System.Diagnostics.Metrics.MeterOptions(\"a\"));",
        ["P:System.Random.Shared"] = "_ = System.Random.Shared;",
        ["M:System.Random.#ctor"] = "_ = new System.Random();",
        ["M:System.Guid.NewGuid"] = "_ = System.Guid.NewGuid();",
        ["P:System.Threading.Tasks.Task`1.Result"] = "_ = System.Threading.Tasks.Task.FromResult(1).Result;",
        ["M:System.Threading.Tasks.Task.Wait"] = "System.Threading.Tasks.Task.CompletedTask.Wait();",
        ["M:System.Threading.Tasks.Task.Wait(System.TimeSpan)"] = "System.Threading.Tasks.Task.CompletedTask.Wait(System.TimeSpan.Zero);",
        ["M:System.Threading.Tasks.Task.Wait(System.Int32)"] = "System.Threading.Tasks.Task.CompletedTask.Wait(1);",
    };

    [Fact]
    public async Task Every_entry_of_the_banned_symbols_fires()
    {
        var entries = Repository.Read("eng/BannedSymbols.txt").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(';')[0]).ToArray();
        entries.ShouldBe(Trips.Keys, ignoreOrder: true, "each entry has a statement that trips it");

        var project = ScratchProject.Create("banned", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TreatWarningsAsErrors>false</TreatWarningsAsErrors>
                <MSBuildTreatWarningsAsErrors>false</MSBuildTreatWarningsAsErrors>
                <EnforceCodeStyleInBuild>false</EnforceCodeStyleInBuild>
                <GenerateDocumentationFile>false</GenerateDocumentationFile>
                <EnableDefaultCompileItems>false</EnableDefaultCompileItems>
              </PropertyGroup>
              <ItemGroup>
                <Compile Include="Trips.cs" />
              </ItemGroup>
            </Project>
            """);
        var body = string.Join('\n', entries.Select(static entry => Trips[entry]));
        project.Write("Trips.cs", $"public static class Trips {{ public static void All() {{\n{body}\n}} }}");

        // Line 1 is the class header, so the entry of line n + 2 is entry n.
        var output = await project.BuildAsync(TestContext.Current.CancellationToken);
        var fired = Fired().Matches(output).Select(static match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ToHashSet();

        entries.Where((_, index) => !fired.Contains(index + 2)).ShouldBeEmpty(output);
    }

    [GeneratedRegex(@"Trips\.cs\((\d+),\d+\): \w+ RS0030")]
    private static partial Regex Fired();
}
