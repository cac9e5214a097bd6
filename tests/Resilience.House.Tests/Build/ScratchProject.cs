using System.Diagnostics;

namespace Resilience.House.Tests.Build;

/// <summary>A project below <c>artifacts/scratch</c>, so that it lives under the build rules of the house.</summary>
internal sealed class ScratchProject
{
    private readonly string _folder;

    private ScratchProject(string folder) => _folder = folder;

    public static ScratchProject Create(string name, string project)
    {
        var folder = Path.Combine(Repository.Root, "artifacts", "scratch", name);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        var scratch = new ScratchProject(folder);
        scratch.Write($"{name}.csproj", project);
        return scratch;
    }

    public void Write(string file, string text) => File.WriteAllText(Path.Combine(_folder, file), text);

    /// <summary>Builds and returns everything that was printed, whatever the outcome.</summary>
    public async Task<string> BuildAsync(CancellationToken cancellationToken)
    {
        using var build = Process.Start(new ProcessStartInfo("dotnet", "build -c Release --nologo -v q -nr:false")
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = build.StandardError.ReadToEndAsync(cancellationToken);
        var output = await build.StandardOutput.ReadToEndAsync(cancellationToken);
        await build.WaitForExitAsync(cancellationToken);
        return output + await errors;
    }
}
