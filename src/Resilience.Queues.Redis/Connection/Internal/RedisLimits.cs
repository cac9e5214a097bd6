namespace Resilience.Queues.Redis;

/// <summary>The limits that the options of both features share.</summary>
internal static class RedisLimits
{
    /// <exception cref="InvalidOperationException">A value is outside its limits; the message names it, and the cure.</exception>
    public static void Validate(string who, string keyPrefix, TimeSpan operationTimeout)
    {
        if (keyPrefix is not { Length: >= 1 and <= 100 } || keyPrefix.AsSpan().IndexOfAny('{', '}') >= 0)
        {
            throw new InvalidOperationException($"The KeyPrefix of {who} is '{keyPrefix}'; set 1 to 100 characters without braces.");
        }

        if (operationTimeout < TimeSpan.FromMilliseconds(10) || operationTimeout > TimeSpan.FromMinutes(10))
        {
            throw new InvalidOperationException($"The OperationTimeout of {who} is {operationTimeout}; set it between 00:00:00.010 and 00:10:00.");
        }
    }
}
