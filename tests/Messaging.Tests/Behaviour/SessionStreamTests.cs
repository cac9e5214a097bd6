using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>What happens to open streams when nobody tells the node: the session expires, is deleted elsewhere, or the host stops.</summary>
public abstract class SessionStreamTests(string database) : IAsyncLifetime
{
    private AppHome _home = null!;

    public async ValueTask InitializeAsync() => _home = await AppHome.CreateAsync(database);

    public async ValueTask DisposeAsync()
    {
        await _home.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_session_that_another_node_ended_ends_its_streams_by_revalidation()
    {
        await using var app = await _home.StartAsync(["--Sse:TokenRevalidationInterval=00:00:01"]);
        using var user = await app.NewUserAsync();
        await using var stream = await EventStream.OpenAsync(user, string.Empty);

        await Stored.RunAsync(app, "DELETE FROM sessions");

        (await stream.WhenAsync("error")).GetProperty("code").GetString().ShouldBe("TOKEN_REVOKED");
        await stream.Ended.Within();
    }

    [Fact]
    public async Task A_session_that_expires_ends_its_streams()
    {
        var time = new ShiftedTime();
        await using var app = await _home.StartAsync(
            ["--Sessions:Lifetime=03:00:00", "--Sse:TokenRevalidationInterval=00:00:01"], builder => Replace.Service<TimeProvider>(builder, time));
        using var user = await app.NewUserAsync();
        await using var stream = await EventStream.OpenAsync(user, string.Empty);

        // As if the three hours had passed: however long the lines above took, the session was good until here.
        time.Shift = TimeSpan.FromHours(3);

        (await stream.WhenAsync("error")).GetProperty("code").GetString().ShouldBe("TOKEN_EXPIRED");
        await stream.Ended.Within();
    }

    [Fact]
    public async Task A_host_that_stops_says_goodbye()
    {
        // However slow the goodbye: a stream that is not through in time is cut off.
        var app = await _home.StartAsync(["--Sse:DrainTimeout=00:00:25"]);
        using var user = await app.NewUserAsync();
        await using var stream = await EventStream.OpenAsync(user, string.Empty);

        await app.DisposeAsync();

        (await stream.WhenAsync("close")).GetProperty("reason").GetString().ShouldBe("shutdown");
        await stream.Ended.Within();
    }

    [Fact]
    public async Task A_stream_that_reaches_its_lifetime_ends_and_may_come_back()
    {
        await using var app = await _home.StartAsync(["--Sse:MaxLifetime=00:00:01"]);
        using var user = await app.NewUserAsync();
        await using var stream = await EventStream.OpenAsync(user, string.Empty);

        (await stream.WhenAsync("error")).GetProperty("code").GetString().ShouldBe("TIMEOUT");
        await stream.Ended.Within();
        await using var again = await EventStream.OpenAsync(user, string.Empty);
    }

    /// <summary>The system's clock, with another time of day.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        private long _shift;

        public TimeSpan Shift
        {
            set => Volatile.Write(ref _shift, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _shift));
    }
}

public sealed class SqliteSessionStreamTests() : SessionStreamTests(AppHome.Sqlite);

public sealed class PostgreSqlSessionStreamTests() : SessionStreamTests(AppHome.PostgreSql);
