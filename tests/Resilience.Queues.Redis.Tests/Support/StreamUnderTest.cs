using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.Queues.Redis.Tests;

/// <summary>A stream on a private server, whose command counts nobody else moves, and a trimmer over it.</summary>
internal sealed class StreamUnderTest : IAsyncDisposable
{
    public const string Key = "events";

    private const string AddMany = """
        for i = 1, tonumber(ARGV[1]) do
          redis.call('XADD', KEYS[1], '*', 'payload', ARGV[2])
        end
        """;

    private readonly IConnectionMultiplexer _connection;
    private readonly ServiceProvider _services;

    private StreamUnderTest(RedisServer server, IConnectionMultiplexer connection, Action<StreamTrimmerOptions> configure)
    {
        Server = server;
        _connection = connection;
        var services = new ServiceCollection();
        services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(Meters);
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Logs));
        services.AddSingleton<TimeProvider>(Time);
        services.AddSingleton(new Random(3));
        services.AddStreamTrimmer(configure).UseRedis(o => (o.Connection, o.OperationTimeout) = (connection, TimeSpan.FromMinutes(10)));
        services.AddHealthChecks().AddStreamTrimmer();
        Metrics = new MetricCollector(Meters);
        _services = services.BuildServiceProvider();
        Trimmer = _services.GetRequiredService<IStreamTrimmer>();
    }

    public RedisServer Server { get; }

    public IDatabase Database => _connection.GetDatabase();

    public IStreamTrimmer Trimmer { get; }

    public ManualTimeProvider Time { get; } = new();

    public TestMeterFactory Meters { get; } = new();

    public MetricCollector Metrics { get; }

    public LogCollector Logs { get; } = new();

    public static async Task<StreamUnderTest> CreateAsync(RedisServer server, Action<StreamTrimmerOptions> configure) =>
        new(server, await ConnectionMultiplexer.ConnectAsync(server.Configuration + ",connectTimeout=30000,allowAdmin=true"), configure);

    public static Task<StreamUnderTest> CreateAsync(RedisServer server, Action<StreamRetention> configure) =>
        CreateAsync(server, (StreamTrimmerOptions o) => o.AddStream(Key, configure));

    public async Task AddToAsync(string key, int count) => await Database.ScriptEvaluateAsync(AddMany, [key], [count, "x"]);

    /// <summary>
    /// Moves the clock to the end of the trimmer's rest, when it rests: a timer beside that one is of an operation under way, and its time must not be over before the
    /// server has answered.
    /// </summary>
    public void Rest()
    {
        if (Time.DueIn is [var rest] && rest <= new StreamTrimmerOptions().Interval)
        {
            Time.Advance(rest);
        }
    }

    public async Task StartAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }
    }

    public async Task StopAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
        {
            await service.StopAsync(CancellationToken.None);
        }
    }

    public async Task AddAsync(int count, string payload = "x") => await Database.ScriptEvaluateAsync(AddMany, [Key], [count, payload]);

    public async Task<long> LengthAsync() => (long)await Database.ExecuteAsync("XLEN", Key);

    public async Task CreateGroupAsync(string group) => await Database.ExecuteAsync("XGROUP", "CREATE", Key, group, "0", "MKSTREAM");

    /// <summary>Reads up to a number of entries for a group; returns their ids.</summary>
    public async Task<string[]> ReadAsync(string group, int count)
    {
        var reply = await Database.ExecuteAsync("XREADGROUP", "GROUP", group, "consumer", "COUNT", count, "STREAMS", Key, ">");
        return reply.IsNull ? [] : [.. ((RedisResult[])((RedisResult[])((RedisResult[])reply)[0])[1]).Select(static entry => (string)((RedisResult[])entry)[0])];
    }

    public async Task AcknowledgeAsync(string group, IReadOnlyList<string> ids)
    {
        if (ids.Count > 0)
        {
            await Database.ExecuteAsync("XACK", [Key, group, .. ids]);
        }
    }

    public async Task<HealthReportEntry> HealthAsync() =>
        (await _services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["streams"];

    public async ValueTask DisposeAsync()
    {
        await Database.KeyDeleteAsync(Key);
        await _services.DisposeAsync();
        Metrics.Dispose();
        _connection.Dispose();
    }
}
