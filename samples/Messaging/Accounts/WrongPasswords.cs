using System.Threading.RateLimiting;
using Messaging.Limits;
using Microsoft.Extensions.Options;

namespace Messaging.Accounts;

/// <summary>
/// Counts wrong passwords by name, whether the name exists or not. Every attempt takes a turn before the password is looked at, and a right one gives it back:
/// guesses that run at the same time get no more turns than others. Thread-safe.
/// </summary>
internal sealed class WrongPasswords(IOptions<LimitOptions> limits, TimeProvider time) : IDisposable
{
    private readonly PartitionedRateLimiter<string> _names = PartitionedRateLimiter.Create<string, string>(
        key => RateLimitPartition.Get(key, _ => (RateLimiter)new TokenBucket(limits.Value.WrongPasswords, time)));

    public void Dispose() => _names.Dispose();

    internal TokenBucket.Turn Take(string name) => (TokenBucket.Turn)_names.AttemptAcquire(Users.Key(name));
}
