using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Resilience.TestKit;

namespace Messaging.Tests;

/// <summary>Looks at the tables behind the application's back.</summary>
public static class Stored
{
    public static async Task<List<string>> TextsAsync(TestApp app, string sql)
    {
        await using var connection = await app.Services.GetRequiredService<DbDataSource>().OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var texts = new List<string>();
        while (await reader.ReadAsync())
        {
            texts.Add(Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)!);
        }

        return texts;
    }

    /// <summary>Waits until every event has been published.</summary>
    public static Task PublishedAsync(this TestApp app) =>
        Watchdog.UntilAsync(async () => (await TextsAsync(app, "SELECT COUNT(*) FROM outbox")).Single() == "0", what: "every event to be published");

    public static async Task RunAsync(TestApp app, string sql)
    {
        await using var connection = await app.Services.GetRequiredService<DbDataSource>().OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
