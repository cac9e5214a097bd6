using Messaging.Accounts;
using Messaging.Limits;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Resilience.TestKit;

namespace Messaging.Tests.Unit;

/// <summary>Hashing is slow on purpose: few run, some wait, the others are sent away.</summary>
public sealed class PasswordLineTests
{
    [Fact]
    public async Task Above_the_line_for_hashing_callers_are_sent_away()
    {
        using var hasher = new HeldHasher();
        using var passwords = new Passwords(hasher, Options.Create(new LimitOptions { PasswordsWaiting = 1 }));
        var running = new List<Task<string?>>();
        for (var i = 0; i < Math.Max(1, Environment.ProcessorCount / 2); i++)
        {
            running.Add(passwords.HashAsync("a", default));
        }

        var waiting = passwords.HashAsync("b", default);

        (await passwords.HashAsync("c", default).Within()).ShouldBeNull();
        (await passwords.VerifyAsync(null, "c", default).Within()).ShouldBeNull();
        waiting.IsCompleted.ShouldBeFalse();
        hasher.Open();
        (await waiting.Within()).ShouldBe("hash");
        (await Task.WhenAll(running).Within()).ShouldAllBe(static hash => hash == "hash");
        (await passwords.HashAsync("d", default).Within()).ShouldBe("hash");
    }

    /// <summary>Hashes nothing until it is let.</summary>
    private sealed class HeldHasher : IPasswordHasher<User>, IDisposable
    {
        private readonly ManualResetEventSlim _open = new();

        public void Open() => _open.Set();

        public void Dispose() => _open.Dispose();

        public string HashPassword(User user, string password)
        {
            _open.Wait(TimeSpan.FromMinutes(1));
            return "hash";
        }

        public PasswordVerificationResult VerifyHashedPassword(User user, string hashedPassword, string providedPassword) => PasswordVerificationResult.Failed;
    }
}
