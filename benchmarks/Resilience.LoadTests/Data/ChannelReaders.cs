using System.Data.Common;
using Dapper;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Data;
using Resilience.Data.Tests.Support;

namespace Resilience.LoadTests.Data;

/// <summary>The ways to read the list that are compared. All give the same rows, and the monitor counts the statements of all.</summary>
internal sealed class ChannelReaders : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly DbContextOptions<ChannelContext> _options;

    public ChannelReaders(DbDataSource source, string connectionString, Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection().AddMetrics();
        Add(services, source);
        configure?.Invoke(services);
        _services = services.BuildServiceProvider();
        Monitor = _services.GetRequiredService<QueryMonitor>();
        _options = new DbContextOptionsBuilder<ChannelContext>().UseNpgsql(connectionString).AddInterceptors(new MonitoringInterceptor(Monitor)).Options;
    }

    public IServiceProvider Services => _services;

    public QueryMonitor Monitor { get; }

    public static void Add(IServiceCollection services, DbDataSource source)
    {
        services.AddMonitoredDataSource(_ => new Borrowed(source));
        services.AddBatchLoader<int, ChannelRow>("metadata", static async (context, ids, ct) =>
        {
            await using var connection = await context.Services.GetRequiredService<DbDataSource>().OpenConnectionAsync(ct);
            return (await connection.QueryAsync<(int Id, int Members, string? Last, int Unread)>(ChannelDatabase.Many, new { ids, user = ChannelDatabase.User }))
                .ToDictionary(static r => r.Id, static r => new ChannelRow(r.Id, "", r.Members, r.Last, r.Unread));
        });
    }

    public static async Task<List<ChannelRow>> LoopAsync(IServiceProvider services, int count, CancellationToken cancellationToken)
    {
        var rows = new List<ChannelRow>(count);
        await using var connection = await services.GetRequiredService<DbDataSource>().OpenConnectionAsync(cancellationToken);
        foreach (var (id, name) in await connection.QueryAsync<(int Id, string Name)>(ChannelDatabase.List, new { count }))
        {
            var (_, members, last, unread) = await connection.QuerySingleAsync<(int Id, int Members, string? Last, int Unread)>(ChannelDatabase.One, new { id, user = ChannelDatabase.User });
            rows.Add(new ChannelRow(id, name, members, last, unread));
        }

        return rows;
    }

    public static async Task<List<ChannelRow>> LoaderAsync(IServiceProvider services, int count, CancellationToken cancellationToken)
    {
        var channels = await ListAsync(services, count, cancellationToken);
        await using var scope = services.CreateAsyncScope();
        var metadata = await scope.ServiceProvider.GetRequiredService<IBatchLoader<int, ChannelRow>>().LoadManyAsync([.. channels.Select(static c => c.Id)], cancellationToken);
        return [.. channels.Select(c => metadata[c.Id].ValueOrDefault! with { Name = c.Name })];
    }

    /// <summary>The loader behind the cache: what a page that is opened again costs.</summary>
    public static async Task<List<ChannelRow>> CachedAsync(IServiceProvider services, int count, CancellationToken cancellationToken)
    {
        var channels = await ListAsync(services, count, cancellationToken);
        await using var scope = services.CreateAsyncScope();
        var loader = scope.ServiceProvider.GetRequiredService<IBatchLoader<int, ChannelRow>>();
        var metadata = await services.GetRequiredService<FencedCache>().GetOrCreateManyAsync<int, ChannelRow>(
            [.. channels.Select(static c => c.Id)],
            static id => $"channel:{id}:{ChannelDatabase.User}",
            async (missing, ct) => (await loader.LoadManyAsync(missing, ct)).ToDictionary(static l => l.Key, static l => l.Value.ValueOrDefault!),
            cancellationToken: cancellationToken);
        return [.. channels.Select(c => metadata[c.Id]! with { Name = c.Name })];
    }

    public async Task<List<ChannelRow>> IncludeAsync(int count, bool split)
    {
        await using var db = new ChannelContext(_options);
        var query = db.Channels.AsNoTracking().OrderBy(static c => c.Id).Take(count).Include(static c => c.Members).Include(static c => c.Messages);
        return [.. (await (split ? query.AsSplitQuery() : query.AsSingleQuery()).ToListAsync()).Select(static c => c.ToRow())];
    }

    public async Task<List<ChannelRow>> ProjectionAsync(int count)
    {
        await using var db = new ChannelContext(_options);
        return await db.Channels.OrderBy(static c => c.Id).Take(count).Select(static c => new ChannelRow(
            c.Id,
            c.Name,
            c.Members.Count,
            c.Messages.OrderByDescending(static m => m.Sequence).Select(static m => m.Text).FirstOrDefault(),
            c.Messages.Count(m => m.Sequence > c.Members.First(static r => r.UserId == ChannelDatabase.User).LastRead))).ToListAsync();
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static async Task<List<(int Id, string Name)>> ListAsync(IServiceProvider services, int count, CancellationToken cancellationToken)
    {
        await using var connection = await services.GetRequiredService<DbDataSource>().OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<(int Id, string Name)>(ChannelDatabase.List, new { count })];
    }

    /// <summary>Passes connections on and leaves the source to its owner.</summary>
    private sealed class Borrowed(DbDataSource inner) : DbDataSource
    {
        public override string ConnectionString => inner.ConnectionString;

        protected override DbConnection CreateDbConnection() => inner.CreateConnection();

        protected override ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) => inner.OpenConnectionAsync(cancellationToken);
    }
}
