using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;

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

    public static async Task RunAsync(TestApp app, string sql)
    {
        await using var connection = await app.Services.GetRequiredService<DbDataSource>().OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
