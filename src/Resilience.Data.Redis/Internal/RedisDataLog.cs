using Microsoft.Extensions.Logging;

namespace Resilience.Data.Redis;

/// <summary>Every event of the package: ids 4500 to 4999, never reused.</summary>
internal static partial class RedisDataLog
{
    [LoggerMessage(4500, LogLevel.Information, "Invalidations of other nodes are heard; the local level was cleared.")]
    public static partial void Subscribed(ILogger logger);

    [LoggerMessage(4501, LogLevel.Warning, "Invalidations of other nodes are not heard; entries of the local level are right again when their short life ends.")]
    public static partial void SubscriptionLost(ILogger logger, Exception? exception);
}
