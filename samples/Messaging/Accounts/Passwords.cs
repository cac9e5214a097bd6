using Microsoft.AspNetCore.Identity;

namespace Messaging.Accounts;

/// <summary>
/// The framework's password hasher, with two additions: a name that does not exist takes as long as one that does, and hashing, which is slow
/// on purpose, takes at most all processors and makes others wait instead of piling up threads.
/// </summary>
internal sealed class Passwords(IPasswordHasher<User> hasher) : IDisposable
{
    private static readonly User Nobody = new() { Name = "nobody" };

    private readonly SemaphoreSlim _turns = new(Environment.ProcessorCount);
    private readonly Lazy<string> _decoy = new(() => hasher.HashPassword(Nobody, "a password that nobody has"));

    public void Dispose() => _turns.Dispose();

    internal Task<string> HashAsync(string password, CancellationToken cancellationToken) =>
        InTurnAsync(() => hasher.HashPassword(Nobody, password), cancellationToken);

    internal Task<bool> VerifyAsync(User? user, string password, CancellationToken cancellationToken) =>
        InTurnAsync(
            () =>
            {
                var matches = hasher.VerifyHashedPassword(Nobody, user?.PasswordHash ?? _decoy.Value, password) != PasswordVerificationResult.Failed;
                return matches && user is not null;
            },
            cancellationToken);

    private async Task<T> InTurnAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
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
