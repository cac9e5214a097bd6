using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.Cleanup;
using Resilience.TestKit;

namespace Messaging.Tests;

/// <summary>The whole application on a real socket, on a free port, with its data in a folder of the test.</summary>
public sealed class TestApp : IAsyncDisposable
{
    /// <summary>The event of the query monitor.</summary>
    internal const int QueryFinding = 4013;

    /// <summary>What registers the name of an operator; <see cref="NewUserAsync"/> has it always.</summary>
    internal const string OperatorCode = "the code of the tests";

    /// <summary>What the web server says when its own timer comes late.</summary>
    private const string SlowMachine = "HeartbeatSlow";

    private readonly WebApplication _app;

    private TestApp(WebApplication app, LogCollector logs)
    {
        _app = app;
        Logs = logs;
    }

    public LogCollector Logs { get; }

    public IServiceProvider Services => _app.Services;

    public Uri Url => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<TestApp> StartAsync(string directory, IEnumerable<string>? settings = null, Action<WebApplicationBuilder>? configure = null)
    {
        var logs = new LogCollector { MinimumLevel = LogLevel.Debug };
        string[] args =
        [
            "--urls=http://127.0.0.1:0", $"--Data:Directory={directory}",
            // Hashing is slow on purpose; here its result matters, not its cost.
            "--Passwords:IterationCount=1000", "--Sse:AttemptBurst=10000", "--Sse:AttemptsPerSecond=1000",
            // A loaded machine may be slow, and a test's crowd may wait: on PostgreSQL a statement's time holds its wait for a lock. But three repeats of a
            // statement in a request are a finding, whatever they take.
            "--Queries:SlowThreshold=00:01:00", "--Queries:MinRepeats=3", "--Queries:MinRepeatTime=00:00:00", "--Database:LockTimeout=00:01:00",
            "--Database:StatementTimeout=00:05:00", "--Database:IdleTimeout=00:05:00",
            "--Attachments:Deletion:LockTimeout=00:01:00", "--Attachments:Deletion:AuthorizerTimeout=00:00:30",
            "--Sse:ConnectTimeout=00:05:00", "--Sse:TokenValidationTimeout=00:05:00",
            // All users come from one address here. Tests of the limits set them again.
            "--Limits:Registrations:Burst=100000", "--Limits:SignIns:Burst=100000", "--Limits:WrongPasswords:Burst=100000",
            "--Limits:PasswordsWaiting=100000", $"--Accounts:OperatorCode={OperatorCode}",
            .. settings ?? [],
        ];
        var app = MessagingApplication.Create(args, builder =>
        {
            builder.Logging.ClearProviders().AddProvider(logs);

            // That a machine is slow is no problem of the application, and a test may move the clock while a stream is ending.
            builder.Services.Configure<CleanupScopeOptions>(static o => o.StepTimeout = o.Deadline = o.SlowAfter = TimeSpan.FromHours(1));
            configure?.Invoke(builder);
        });
        try
        {
            await app.StartAsync();
            return new TestApp(app, logs);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client without a session.</summary>
    public TestClient NewClient() => new(Url, token: null);

    /// <summary>Registers a user with a name of its own and signs it in.</summary>
    public async Task<TestClient> NewUserAsync(string? name = null)
    {
        name ??= Names.Next("user");
        using var anonymous = NewClient();
        (await anonymous.PostAsync("/api/users", new { name, password = TestClient.Password, operatorCode = OperatorCode })).ShouldHaveStatus(201);
        return await SignInAsync(name);
    }

    public async Task<TestClient> SignInAsync(string name)
    {
        using var anonymous = NewClient();
        var session = (await anonymous.PostAsync("/api/session", new { name, password = TestClient.Password })).ShouldHaveStatus(200);
        return new TestClient(Url, session["token"])
        {
            Name = name,
            UserId = session.Json.GetProperty("user").GetProperty("id").GetString()!,
        };
    }

    public void ShouldHaveLoggedNoProblem() => Logs.AtLeast(LogLevel.Warning).Where(static record => record.EventId.Name != SlowMachine).Take(3).Select(static record => record.ToString()).ShouldBeEmpty();

    /// <summary>Ends the application. Whatever the test was about: no request may have shown an N+1 pattern, a duplicate or too many statements.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Logs.Of(QueryFinding).Select(static record => record.ToString()).ShouldBeEmpty();
    }
}
