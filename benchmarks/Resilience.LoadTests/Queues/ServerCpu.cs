using System.Globalization;
using StackExchange.Redis;

namespace Resilience.LoadTests.Queues;

/// <summary>The processor time of a Redis server by its own account.</summary>
internal static class ServerCpu
{
    /// <returns>User and system time since its start, in microseconds. The connection must allow admin commands.</returns>
    public static async Task<double> ReadAsync(IConnectionMultiplexer connection)
    {
        var info = await connection.GetServer(connection.GetEndPoints()[0]).InfoAsync("cpu");
        var figures = info.SelectMany(static section => section).ToDictionary(static one => one.Key, static one => one.Value);
        return 1e6 * (double.Parse(figures["used_cpu_user"], CultureInfo.InvariantCulture) + double.Parse(figures["used_cpu_sys"], CultureInfo.InvariantCulture));
    }
}
