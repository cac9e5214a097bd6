using System.Diagnostics;

namespace Messaging.Tests.Behaviour;

/// <summary>The script that checks a running instance works, and notices when the instance does not.</summary>
public abstract class SmokeScriptTests(MessagingFixture fixture) : MessagingTests(fixture)
{
    [Fact]
    public async Task It_finds_a_good_instance_good()
    {
        var (code, output) = await RunAsync(App.Url.GetLeftPart(UriPartial.Authority));

        code.ShouldBe(0, output);
        output.ShouldContain("a message arrives on the stream");
        output.ShouldContain("a delayed message arrives");
        output.ShouldContain("the deleted attachment is gone");
        output.ShouldContain("healthy");
        output.ShouldContain("the stream ends with the session");
    }

    [Fact]
    public async Task It_fails_where_nothing_answers()
    {
        var (code, output) = await RunAsync("http://127.0.0.1:9", "health");

        code.ShouldBe(1);
        output.ShouldContain("FAILED");
    }

    [Fact]
    public async Task It_explains_itself()
    {
        var (code, output) = await RunAsync();

        code.ShouldBe(2);
        output.ShouldContain("eng/smoke.sh http://localhost:5080");
    }

    private static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["SMOKE_TIMEOUT"] = "100" } };
        start.ArgumentList.Add(Path.Combine(Repository.Root, "eng", "smoke.sh"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}

public sealed class SqliteSmokeScriptTests(SqliteMessaging fixture) : SmokeScriptTests(fixture), IClassFixture<SqliteMessaging>;

public sealed class PostgreSqlSmokeScriptTests(PostgreSqlMessaging fixture) : SmokeScriptTests(fixture), IClassFixture<PostgreSqlMessaging>;
