using Messaging.Database;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

public abstract class DatabaseTests(string database)
{
    [Fact]
    public async Task What_was_accepted_is_there_after_a_restart()
    {
        await using var home = await AppHome.CreateAsync(database);
        string channel, name;
        await using (var app = await home.StartAsync())
        {
            using var user = await app.NewUserAsync();
            name = user.Name;
            channel = await user.CreateChannelAsync();
            (await user.SayAsync(channel, "kept")).ShouldHaveStatus(201);
        }

        await using var again = await home.StartAsync();
        using var back = await again.SignInAsync(name);
        (await back.GetAsync($"/api/channels/{channel}/messages")).Items.ShouldHaveSingleItem().GetProperty("text").GetString().ShouldBe("kept");
        again.ShouldHaveLoggedNoProblem();
    }

    [Fact]
    public async Task A_newer_schema_is_named_and_left_alone()
    {
        await using var home = await AppHome.CreateAsync(database);
        await using (var app = await home.StartAsync())
        {
            await Stored.RunAsync(app, "UPDATE schema_versions SET version = 77 WHERE feature = 'Messages'");
        }

        var error = await Should.ThrowAsync<SchemaTooNewException>(() => home.StartAsync());

        error.Message.ShouldContain("Messages");
        error.Message.ShouldContain("77");
    }

    [Fact]
    public async Task A_session_ends_when_its_life_is_over_and_does_not_slide()
    {
        await using var home = await AppHome.CreateAsync(database);
        var time = new ManualTimeProvider();
        await using var app = await home.StartAsync(["--Sessions:Lifetime=01:00:00"], builder => Replace.Time(builder, time));
        using var user = await app.NewUserAsync();

        time.Advance(TimeSpan.FromMinutes(59));
        (await user.GetAsync("/api/channels")).ShouldHaveStatus(200);
        time.Advance(TimeSpan.FromMinutes(1));

        (await user.GetAsync("/api/channels")).ShouldBeRefused(401);
    }
}

public sealed class SqliteDatabaseTests() : DatabaseTests(AppHome.Sqlite);

public sealed class PostgreSqlDatabaseTests() : DatabaseTests(AppHome.PostgreSql);

/// <summary>Settings are looked at before anything is opened.</summary>
public sealed class WrongSettingTests
{
    [Theory]
    [InlineData("--Sessions:Lifetime=00:00:00", "Sessions:Lifetime")]
    [InlineData("--Queue:Recovery:Interval=00:00:00", "Queue:Recovery:Interval")]
    [InlineData("--Queue:MaxSize=0", "MaxSize")]
    [InlineData("--Limits:Posts:Burst=0", "Limits")]
    [InlineData("--Limits:WrongPasswords:PerMinute=-1", "Limits")]
    [InlineData("--Limits:PasswordsWaiting=0", "PasswordsWaiting")]
    [InlineData("--Channels:MaxOwnedPerUser=0", "MaxOwnedPerUser")]
    [InlineData("--Attachments:MaxBytesPerUser=0", "MaxBytesPerUser")]
    [InlineData("--Attachments:MaxPerUser=0", "MaxPerUser")]
    [InlineData("--Accounts:OperatorCode=too short", "OperatorCode")]
    [InlineData("--Storage:Provider=Oracle", "Storage:Provider")]
    [InlineData("--Storage:Provider=PostgreSql", "ConnectionStrings:PostgreSql")]
    public async Task A_wrong_setting_stops_the_start_and_is_named(string setting, string named)
    {
        using var folder = new TempFolder("settings");

        (await Should.ThrowAsync<Exception>(() => TestApp.StartAsync(folder.FullPath, [setting]))).Message.ShouldContain(named);
    }
}
