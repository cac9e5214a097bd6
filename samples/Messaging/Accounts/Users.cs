using Messaging.Database;

namespace Messaging.Accounts;

/// <summary>The users. Names are unique without regard to case, width and other forms of the same characters.</summary>
internal sealed class Users(Db database, TimeProvider time)
{
    /// <summary>Adds a user; <see langword="null"/> when the name is taken.</summary>
    internal Task<User?> AddAsync(string name, string passwordHash, CancellationToken cancellationToken) =>
        database.WriteAsync(
            scope => scope.FirstOrDefaultAsync<User>(
                """
                INSERT INTO users (name, name_key, password_hash, created_at) VALUES (@name, @key, @passwordHash, @now)
                ON CONFLICT (name_key) DO NOTHING
                RETURNING id, name, password_hash
                """,
                new { name, key = Key(name), passwordHash, now = time.GetUtcNow().ToUnixTimeMilliseconds() }),
            cancellationToken);

    internal Task<User?> FindAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(
            scope => scope.FirstOrDefaultAsync<User>("SELECT id, name, password_hash FROM users WHERE name_key = @key", new { key = Key(name) }),
            cancellationToken);

    /// <summary>Whether the user was the first to register.</summary>
    internal Task<bool> IsFirstAsync(long userId, CancellationToken cancellationToken) =>
        database.ReadAsync(async scope => await scope.FirstOrDefaultAsync<long?>("SELECT MIN(id) FROM users") == userId, cancellationToken);

    internal static string Key(string name) => name.Trim().ToUpperInvariant();
}
