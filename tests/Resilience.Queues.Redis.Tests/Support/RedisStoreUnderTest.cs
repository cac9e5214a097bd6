using System.Globalization;
using Resilience.Queues.Conformance;
using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.Queues.Redis.Tests;

/// <summary>A queue on a real server. Its scripts are the shipped ones but for one line, which reads the time from a key that the test sets.</summary>
internal sealed class RedisStoreUnderTest : IStoreUnderTest
{
    private readonly IConnectionMultiplexer _connection;
    private readonly string _clock;
    private long _microseconds = 1_900_000_000_000_000;

    private RedisStoreUnderTest(IConnectionMultiplexer connection, DelayedQueueOptions options)
    {
        _connection = connection;
        var prefix = RedisServer.NewPrefix() + "rq";
        _clock = prefix + ":clock";
        Keys = new RedisQueueKeys(prefix, "test");
        var scripts = ScriptLibrary.WithTime(TimeLine(_clock));
        var connected = Task.FromResult(connection);
        var link = new RedisLink(() => connected, TimeSpan.FromSeconds(30), TimeProvider.System);
        Store = new RedisQueueStore<string>(new DelayedQueueContext("test", options, Time), link, Keys, new TextSerializer(), scripts);
    }

    public IDelayedQueueStore<string> Store { get; }

    public ManualTimeProvider Time { get; } = new();

    public string Clock => _clock;

    public RedisQueueKeys Keys { get; }

    public IDatabase Database => _connection.GetDatabase();

    public static string TimeLine(string key) => $"local time = redis.call('LRANGE', '{key}', 0, 1)";

    public static async Task<IStoreUnderTest> CreateAsync(DelayedQueueOptions options)
    {
        var subject = new RedisStoreUnderTest(await SharedConnection.GetAsync(), options);
        await subject.SetClockAsync();
        return subject;
    }

    public async Task AdvanceAsync(TimeSpan time)
    {
        _microseconds += time.Ticks / TimeSpan.TicksPerMicrosecond;
        await SetClockAsync();
        Time.Advance(time);
    }

    public async Task DisturbAsync() => await Database.ExecuteAsync("SCRIPT", "FLUSH");

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await Database.KeyDeleteAsync([.. Keys.WithLock, Keys.Version, _clock]);
    }

    private async Task SetClockAsync()
    {
        var transaction = Database.CreateTransaction();
        _ = transaction.KeyDeleteAsync(_clock);
        _ = transaction.ListRightPushAsync(
            _clock,
            [
                (_microseconds / 1_000_000).ToString(CultureInfo.InvariantCulture),
                (_microseconds % 1_000_000).ToString(CultureInfo.InvariantCulture),
            ]);
        await transaction.ExecuteAsync();
    }
}
