using System.Data.Common;
using Dapper;
using Npgsql;
using Resilience.Data;
using Resilience.Data.Testing;

namespace Docs.Snippets;

internal static class DataPage
{
    public static void Register(WebApplicationBuilder builder, string connectionString)
    {
        // snippet: data-register
        builder.Services.AddMonitoredDataSource(_ => NpgsqlDataSource.Create(connectionString));
        builder.Services.AddGuardedTransactions(o =>
        {
            o.LockOrder.Add(new LockedTable("channels", "id"));
            o.LockOrder.Add(new LockedTable("members", "channel_id", "user_id"));
            o.LockOrder.Add(new LockedTable("messages", "id"));
        });
        builder.Services.AddFencedCache().UseRedis(o => o.Configuration = "localhost:6379");
        builder.Services.AddBatchLoader<long, string>("channel-names", static async (context, ids, ct) =>
        {
            await using var connection = await context.Services.GetRequiredService<DbDataSource>().OpenConnectionAsync(ct);
            var sql = Sql.Of($"SELECT id, name FROM channels WHERE id {Sql.AnyOf(ids, SqlDialect.PostgreSql)}");
            return (await connection.QueryAsync<(long Id, string Name)>(sql.Text, sql.Parameters)).ToDictionary(static r => r.Id, static r => r.Name);
        });
        builder.Services.AddHealthChecks().AddQueryMonitor();
        // end
    }

    public static async Task Edit(IGuardedTransactions transactions, long channel, long user, long message, string text)
    {
        // snippet: data-guard
        var plan = GuardPlan.Create()
            .RequireRow("members", ("channel_id", channel), ("user_id", user))
            .RequireRow("messages", ("id", message), ("author_id", user))
            .LockRows("messages", "id", [message])
            .ExpectRows(1)
            .Invalidate($"message:{message}");
        var result = await transactions.ExecuteAsync(plan, Sql.Of($"UPDATE messages SET text = {text} WHERE id = {message}"));
        // end
        Console.WriteLine(result.Outcome);
    }

    public static async Task WithDapper(IGuardedTransactions transactions, GuardPlan plan, long message, string text)
    {
        // snippet: data-dapper
        await transactions.RunAsync(plan, async (context, ct) =>
        {
            var rows = await context.Connection.ExecuteAsync("UPDATE messages SET text = @text WHERE id = @message", new { text, message }, context.Transaction);
            context.Affected(rows);
            return rows;
        });
        // end
    }

    public static async Task Read(FencedCache cache, IBatchLoader<long, string> names, long[] ids, CancellationToken ct)
    {
        // snippet: data-read
        var channels = await cache.GetOrCreateManyAsync<long, string>(
            ids,
            static id => $"channel-name:{id}",
            async (missing, token) => (await names.LoadManyAsync(missing, token))
                .Where(static l => l.Value.State == LoadState.Found)
                .ToDictionary(static l => l.Key, static l => l.Value.ValueOrDefault!),
            tags: ["channels"],
            cancellationToken: ct);
        // end
        Console.WriteLine(channels.Count);
    }

    public static async Task Test(QueryMonitor monitor, DbDataSource source, Func<Task> openTheChannelList)
    {
        // snippet: data-testing
        using var watch = QueryAssert.Begin(monitor, "channel list");
        await openTheChannelList();

        watch.AtMost(3).NoNPlusOne().MatchesBaseline("baselines/channel-list.txt");
        foreach (var query in watch.Queries)
        {
            await IndexAssert.CanUseAsync(source, query);
        }
        // end
    }
}
