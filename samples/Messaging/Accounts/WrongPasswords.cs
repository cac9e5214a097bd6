using System.Threading.RateLimiting;
using Messaging.Limits;
using Microsoft.Extensions.Options;

namespace Messaging.Accounts;

/// <summary>
/// Counts wrong passwords by name, whether the name exists or not; right ones cost nothing. Guesses that run at the same time may pass together:
/// the line in front of the hashing bounds how many. Thread-safe.
/// </summary>
internal sealed class WrongPasswords(IOptions<LimitOptions> limits) : IDisposable
{
    private readonly PartitionedRateLimiter<string> _names =
        PartitionedRateLimiter.Create<string, string>(key => RatePolicies.Bucket(key, limits.Value.WrongPasswords));

    public void Dispose() => _names.Dispose();

    /// <summary>Whether nobody may try this name now, and until when.</summary>
    internal bool IsClosed(string name, out TimeSpan wait)
    {
        using var lease = _names.AttemptAcquire(Users.Key(name), permitCount: 0);
        wait = TimeSpan.FromMinutes(1.0 / limits.Value.WrongPasswords.PerMinute);
        return !lease.IsAcquired;
    }

    internal void Add(string name) => _names.AttemptAcquire(Users.Key(name)).Dispose();
}
