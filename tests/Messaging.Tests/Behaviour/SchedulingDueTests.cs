namespace Messaging.Tests.Behaviour;

/// <summary>When a delayed message is sent. Nothing else waits in this application: what another test left would move the clock while it is waited for.</summary>
public abstract class SchedulingDueTests(ClockedFixture fixture)
{
    [Fact]
    public async Task A_delayed_message_is_accepted_and_listed_and_sent_when_it_is_due()
    {
        using var author = await fixture.App.NewUserAsync();
        var id = await author.CreateChannelAsync();

        var accepted = (await author.ScheduleAsync(id, "later", 60, "c-1")).ShouldHaveStatus(202);

        accepted["channelId"].ShouldBe(id);
        accepted["text"].ShouldBe("later");
        accepted["state"].ShouldBe("pending");
        accepted.Json.GetProperty("dueAt").GetDateTimeOffset().ShouldBe(fixture.Time.GetUtcNow().AddSeconds(60), TimeSpan.FromMilliseconds(1));
        (await author.ScheduledAsync()).ShouldHaveSingleItem().GetRawText().ShouldBe(accepted.Text);
        await fixture.PassAsync(59);
        (await author.TextsAsync(id)).ShouldBeEmpty();

        await fixture.PassAsync(1);

        var message = (await author.GetAsync($"/api/channels/{id}/messages")).Items.ShouldHaveSingleItem();
        message.GetProperty("text").GetString().ShouldBe("later");
        message.GetProperty("clientId").GetString().ShouldBe("c-1");
        message.GetProperty("author").GetProperty("name").GetString().ShouldBe(author.Name);
        (await author.ScheduledAsync()).ShouldBeEmpty();
        fixture.App.ShouldHaveLoggedNoProblem();
    }
}

public sealed class SqliteSchedulingDueTests(ClockedSqlite fixture) : SchedulingDueTests(fixture), IClassFixture<ClockedSqlite>;

public sealed class PostgreSqlSchedulingDueTests(ClockedPostgreSql fixture) : SchedulingDueTests(fixture), IClassFixture<ClockedPostgreSql>;
