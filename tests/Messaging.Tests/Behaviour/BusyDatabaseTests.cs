using System.Data;
using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>A lock that is not free within its limit.</summary>
public sealed class BusyDatabaseTests
{
    [Theory]
    [InlineData(AppHome.Sqlite)]
    [InlineData(AppHome.PostgreSql)]
    public async Task A_change_that_meets_a_held_lock_is_answered_503_and_changes_nothing(string database)
    {
        await using var place = await AppHome.CreateAsync(database);

        // Longer than a thread stands still that holds a lock for a moment: only the test's own lock may be met.
        await using var app = await place.StartAsync(["--Database:LockTimeout=00:00:06", "--Database:MaxAttempts=1"]);
        using var author = await app.NewUserAsync();
        var channel = await author.CreateChannelAsync();
        var message = (await author.SayAsync(channel, "before"))["id"];

        // What is published is removed in the background, which must not meet the lock.
        await Watchdog.UntilAsync(async () => (await Stored.TextsAsync(app, "SELECT COUNT(*) FROM outbox")).Single() == "0");
        await using (await HoldAsync(app, channel))
        {
            var refused = (await author.SendAsync(HttpMethod.Patch, $"/api/messages/{message}", new { text = "after" })).ShouldBeRefused(503);
            refused.Headers.RetryAfter.ShouldNotBeNull();
        }

        (await author.GetAsync($"/api/channels/{channel}/messages")).Items.ShouldHaveSingleItem().GetProperty("text").GetString().ShouldBe("before");
        (await author.SendAsync(HttpMethod.Patch, $"/api/messages/{message}", new { text = "after" })).ShouldHaveStatus(200);
        app.ShouldHaveLoggedNoProblem();
    }

    /// <summary>Holds the channel's row, as a transaction of another process does.</summary>
    private static async Task<IAsyncDisposable> HoldAsync(TestApp app, string channel)
    {
        var connection = await app.Services.GetRequiredService<DbDataSource>().OpenConnectionAsync();
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.Serializable);
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"UPDATE channels SET last_sequence = last_sequence WHERE id = {channel}";
        await command.ExecuteNonQueryAsync();
        return new Held(connection, transaction);
    }

    private sealed class Held(DbConnection connection, DbTransaction transaction) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await transaction.RollbackAsync();
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
