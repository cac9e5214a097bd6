using Resilience.TestKit;
using StackExchange.Redis;

namespace Resilience.Queues.Redis.Tests;

/// <summary>One connection to the shared server for all tests of the process.</summary>
internal static class SharedConnection
{
    private static readonly Lazy<Task<IConnectionMultiplexer>> Connection = new(OpenAsync);

    public static Task<IConnectionMultiplexer> GetAsync() => Connection.Value;

    private static async Task<IConnectionMultiplexer> OpenAsync()
    {
        var server = await RedisServer.SharedAsync();
        return await ConnectionMultiplexer.ConnectAsync(server.Configuration + ",connectTimeout=30000");
    }
}
