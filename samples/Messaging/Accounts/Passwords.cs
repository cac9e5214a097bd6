using Messaging.Limits;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Messaging.Accounts;

/// <summary>
/// The framework's password hasher, with two additions: a name that does not exist takes as long as one that does, and hashing, which is slow
/// on purpose, takes at most half of the processors and makes others wait, so many and no more. Thread-safe.
/// </summary>
internal sealed class Passwords(IPasswordHasher<User> hasher, IOptions<LimitOptions> limits) : IDisposable
{
    private static readonly User Nobody = new() { Name = "nobody" };

    private readonly SemaphoreSlim _turns = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly Lazy<string> _decoy = new(() => hasher.HashPassword(Nobody, "a password that nobody has"));

    private int _waiting;

    public void Dispose() => _turns.Dispose();

    /// <summary><see langword="null"/> when too many wait.</summary>
    internal Task<string?> HashAsync(string password, CancellationToken cancellationToken) =>
        InTurnAsync<string?>(() => hasher.HashPassword(Nobody, password), cancellationToken);

    /// <summary><see langword="null"/> when too many wait.</summary>
    internal Task<bool?> VerifyAsync(User? user, string password, CancellationToken cancellationToken) =>
        InTurnAsync<bool?>(
            () =>
            {
                var matches = hasher.VerifyHashedPassword(Nobody, user?.PasswordHash ?? _decoy.Value, password) != PasswordVerificationResult.Failed;
                return matches && user is not null;
            },
            cancellationToken);

    private async Task<T?> InTurnAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > limits.Value.PasswordsWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return default;
        }

        try
        {
            await _turns.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        try
        {
            return await Task.Run(work, cancellationToken);
        }
        finally
        {
            _turns.Release();
        }
    }
}
